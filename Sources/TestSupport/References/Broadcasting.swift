import Kernels
package import Tensors

extension Array64 {
  /// The element that stands at `index` of a result of which this operand was broadcast.
  fileprivate func broadcastElement(_ index: [Int]) -> Double {
    let skipped = index.count - shape.count
    return self[shape.indices.map { shape[$0] == 1 ? 0 : index[$0 + skipped] }]
  }
}

extension Arithmetic: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    let (a, b) = (inputs[0], inputs[1])
    let rank = max(a.shape.count, b.shape.count)
    let (aligned, other) = (
      Array(repeating: 1, count: rank - a.shape.count) + a.shape, Array(repeating: 1, count: rank - b.shape.count) + b.shape
    )
    let shape = (0..<rank).map { aligned[$0] == 1 ? other[$0] : aligned[$0] }
    var values: [Double] = []
    Array64.forEachIndex(shape) { index in
      let (x, y) = (a.broadcastElement(index), b.broadcastElement(index))
      switch operation {
      case .add: values.append(x + y)
      case .subtract: values.append(x - y)
      case .multiply: values.append(x * y)
      case .divide: values.append(x / y)
      }
    }
    return Array64(values, shape: shape)
  }
}

extension Broadcast: ReplayedPrimitive {
  package func reference(_ inputs: [Array64]) -> Array64 {
    var values: [Double] = []
    Array64.forEachIndex(shape) { values.append(inputs[0].broadcastElement($0)) }
    return Array64(values, shape: shape)
  }
}
