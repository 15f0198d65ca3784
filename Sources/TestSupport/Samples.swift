import Kernels
package import Tensors

/// Reproducible inputs for checks.
package enum Samples {
  private static func key(_ stream: Int) -> RandomKey { RandomKey(seed: 11, purpose: UInt64(stream), step: 0) }

  /// Standard normal numbers.
  package static func normal(_ shape: [Int], _ stream: Int = 0, layout: BatchLayout? = nil) -> Tensor {
    Tensor.normal(shape, key: key(stream), layout: layout)
  }

  /// Numbers from 0.5 to 2.
  package static func positive(_ shape: [Int], _ stream: Int = 0, layout: BatchLayout? = nil) -> Tensor {
    Tensor.uniform(shape, from: 0.5, to: 2, key: key(stream), layout: layout)
  }

  /// Numbers of both signs, at least 0.2 away from zero.
  package static func awayFromZero(_ shape: [Int], _ stream: Int = 0) -> Tensor {
    Tensor(Tensor.uniform(shape, from: -1, to: 1, key: key(stream)).values.map { $0 < 0 ? $0 - 0.2 : $0 + 0.2 }, shape: shape)
  }

  /// Distinct numbers from -1 to 1 in mixed order, neighbours in size `2 / count` apart: no ties under a maximum.
  package static func distinct(_ shape: [Int]) -> Tensor {
    let count = shape.reduce(1, *)
    let ranked = normal(shape, 3).values.enumerated().sorted { $0.element < $1.element }
    var values = Array(repeating: Float(0), count: count)
    for (rank, item) in ranked.enumerated() { values[item.offset] = 2 * Float(rank) / Float(count) - 1 }
    return Tensor(values, shape: shape)
  }
}
