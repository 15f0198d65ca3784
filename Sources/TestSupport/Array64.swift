package import Tensors

/// A dense row-major array in Double: what replay computes with.
package struct Array64: Equatable {
  /// Sizes of the axes; empty for a scalar.
  package let shape: [Int]
  /// The numbers, last axis fastest.
  package var values: [Double]

  /// An array of these numbers.
  package init(_ values: [Double], shape: [Int]) {
    precondition(values.count == shape.reduce(1, *), "Array64: \(values.count) values for shape \(shape)")
    self.shape = shape
    self.values = values
  }

  /// An array filled with one number.
  package init(repeating value: Double, shape: [Int]) {
    self.init(Array(repeating: value, count: shape.reduce(1, *)), shape: shape)
  }

  /// The numbers of a tensor.
  package init(_ tensor: Tensor) { self.init(tensor.values.map(Double.init), shape: tensor.shape) }

  /// Number of elements.
  package var count: Int { values.count }

  /// Elements between neighbours on each axis.
  package var strides: [Int] { Array64.strides(of: shape) }

  static func strides(of shape: [Int]) -> [Int] {
    var result = shape
    var step = 1
    for axis in shape.indices.reversed() {
      result[axis] = step
      step *= shape[axis]
    }
    return result
  }

  /// The same numbers under another shape.
  func reshaped(_ shape: [Int]) -> Array64 { Array64(values, shape: shape) }

  /// `f` of every number.
  func map(_ f: (Double) -> Double) -> Array64 { Array64(values.map(f), shape: shape) }

  /// Calls `body` with each multi-index of `shape` in row-major order.
  static func forEachIndex(_ shape: [Int], _ body: ([Int]) -> Void) {
    let count = shape.reduce(1, *)
    var index = shape.map { _ in 0 }
    for _ in 0..<count {
      body(index)
      for axis in shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
  }

  /// The element at a multi-index.
  subscript(_ index: [Int]) -> Double {
    get { values[offset(index)] }
    set { values[offset(index)] = newValue }
  }

  private func offset(_ index: [Int]) -> Int { zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 } }

  /// The Euclidean norm.
  package var norm: Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
