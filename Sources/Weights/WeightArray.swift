/// A named array of numbers.
public struct WeightArray: Sendable, Equatable {
  /// Dotted path.
  public let name: String
  /// Sizes of the axes; empty for a scalar.
  public let shape: [Int]
  /// The numbers, the last axis running fastest.
  public let values: [Float]

  /// An array of as many numbers as its shape says.
  public init(name: String, shape: [Int], values: [Float]) {
    precondition(values.count == shape.reduce(1, *), "WeightArray: \(name) of shape \(shape) has \(values.count) values")
    self.name = name
    self.shape = shape
    self.values = values
  }

  /// The same numbers under another name.
  public func renamed(_ name: String) -> WeightArray { WeightArray(name: name, shape: shape, values: values) }

  /// The same numbers in another shape.
  public func reshaped(_ shape: [Int]) -> WeightArray { WeightArray(name: name, shape: shape, values: values) }

  /// Axis i of the result is axis `permutation[i]`.
  public func transposed(_ permutation: [Int]) -> WeightArray {
    precondition(permutation.sorted() == Array(shape.indices), "WeightArray: \(permutation) does not order the axes of \(shape)")
    var strides = shape.map { _ in 1 }
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    let sizes = permutation.map { shape[$0] }
    return WeightArray(name: name, shape: sizes, values: Self.gathered(values, sizes: sizes, strides: permutation.map { strides[$0] }))
  }

  /// The elements of a grid over `source`, the last axis running fastest.
  /// - Precondition: the grid lies within `source`.
  static func gathered<Element>(_ source: [Element], from offset: Int = 0, sizes: [Int], strides: [Int]) -> [Element] {
    let count = sizes.reduce(1, *)
    guard count > 0 else { return [] }
    var result: [Element] = []
    result.reserveCapacity(count)
    let (inner, step) = (sizes.last ?? 1, strides.last ?? 1)
    var index = sizes.dropLast().map { _ in 0 }
    var start = offset
    while true {
      for place in 0..<inner { result.append(source[start + place * step]) }
      // Counts up the outer axes like the digits of a number.
      var axis = index.count - 1
      while axis >= 0 {
        index[axis] += 1
        start += strides[axis]
        if index[axis] < sizes[axis] { break }
        start -= sizes[axis] * strides[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return result }
    }
  }

  /// Index of the first number that is infinite or NaN, or nil.
  public var firstNonFinite: Int? { values.firstIndex { !$0.isFinite } }
}
