import Tensors

/// Distances between all pairs of two sets of vectors, `[m, n]` of `[m, width]` and `[n, width]`. The second set is that of the whole batch,
/// replicated; the first one may be sharded.
enum Pairwise {
  /// `‖xᵢ - yⱼ‖²`, never below 0.
  ///
  /// By one matrix product, around the mean of a replicated set: distances do not depend on it, and features after a rectifier lie far
  /// from 0.
  static func squaredDistances(_ x: Tensor, _ y: Tensor) -> Tensor {
    let isSharded = x.layout != nil
    let center = (isSharded ? y : x).detached.mean(axes: [0])
    let (x, y) = (x - center, y - center)
    let (lengths, others) = (x.squared().sum(axes: [1], keepingAxes: true), y.squared().sum(axes: [1], keepingAxes: true))
    let products = isSharded ? x.rowProduct(y, transposeMatrix: true) : x.matrixProduct(y, transposeOther: true)
    return (lengths + others.reshaped([1, -1]) - products * 2).rectified()
  }

  /// The mean over pairs of different elements of a square matrix.
  static func meanOffDiagonal(_ matrix: Tensor) -> Tensor {
    let size = matrix.shape[0]
    precondition(size > 1, "pairs within a batch: a batch of \(size) has none")
    return (matrix * offDiagonal(like: matrix)).sum() / Float(size * (size - 1))
  }

  /// 1 off the diagonal of a square matrix, 0 on it.
  static func offDiagonal(like matrix: Tensor) -> Tensor {
    if matrix.isAbstract { return Tensor.abstract(matrix.shape) }
    let size = matrix.shape[0]
    var values = [Float](repeating: 1, count: size * size)
    for index in 0..<size { values[index * size + index] = 0 }
    return Tensor(values, shape: [size, size])
  }
}
