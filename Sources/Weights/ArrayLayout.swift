/// How weights lie in a file.
public enum ArrayLayout: String, CaseIterable, Sendable {
  /// As here: kernels `[height, width, inputs, outputs]`, matrices `[inputs, outputs]`, tables `[classes, width]`.
  case own
  /// As PyTorch has them: kernels `[outputs, inputs, height, width]`, matrices `[outputs, inputs]`, tables as here. The vector `v` of
  /// spectral norm follows its kernel: `[inputs, height, width]`, flat.
  case pytorch

  /// An array of a network in this layout.
  /// - Parameters:
  ///   - array: as it lies here.
  ///   - weight: for a vector `v` of spectral norm the shape of its weight here, else nil.
  ///   - isTable: whether it is a table of classes.
  public func stored(_ array: WeightArray, weight: [Int]?, isTable: Bool) -> WeightArray {
    guard self == .pytorch else { return array }
    if let weight, weight.count == 4 { return array.reshaped(Array(weight.dropLast())).transposed([2, 0, 1]).reshaped(array.shape) }
    switch array.shape.count {
    case 4: return array.transposed([3, 2, 0, 1])
    case 2 where !isTable: return array.transposed([1, 0])
    default: return array
    }
  }

  /// An array of a file in this layout as it lies here: the inverse of `stored`.
  public func restored(_ array: WeightArray, weight: [Int]?, isTable: Bool) -> WeightArray {
    guard self == .pytorch else { return array }
    if let weight, weight.count == 4, array.values.count == weight.dropLast().reduce(1, *) {
      return array.reshaped([weight[2], weight[0], weight[1]]).transposed([1, 2, 0]).reshaped(array.shape)
    }
    switch array.shape.count {
    case 4: return array.transposed([2, 3, 1, 0])
    case 2 where !isTable: return array.transposed([1, 0])
    default: return array
    }
  }
}
