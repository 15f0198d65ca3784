public import Layers
public import Tensors

/// BigGAN's modified orthogonal regularization: `β ‖WᵀW ⊙ (1 - I)‖²` over the filters of every weight with two or more axes.
///
/// For `W [inputs, outputs]` (a kernel's last axis is the outputs), so filters are pushed towards pairwise orthogonality while their
/// lengths stay free. The gradient is the exact one, `4β W (WᵀW ⊙ (1 - I))`; ajbrock/BigGAN-PyTorch adds half of it.
/// - Source: Brock, Donahue, Simonyan 2019, eq. (3). https://arxiv.org/abs/1809.11096
public struct OrthogonalRegularizer {
  /// Weight β.
  public let strength: Float

  /// The regularizer of strength β.
  public init(strength: Float) { self.strength = strength }

  /// The penalty of the parameters of `store`, a scalar that is the same on every rank.
  /// - Parameter excluded: paths left out; BigGAN's shared class embedding.
  public func callAsFunction(_ store: ParameterStore, excluding excluded: Set<String> = []) -> Tensor {
    // Several parts of a batch share one penalty.
    store.remembering("orthogonal \(strength) \(excluded.sorted())") { penalty(store, excluded) }
  }

  private func penalty(_ store: ParameterStore, _ excluded: Set<String>) -> Tensor {
    var sum = Tensor(0)
    for (path, weight) in store.namedParameters where weight.rank >= 2 && !excluded.contains(path) {
      let matrix = weight.reshaped([-1, weight.shape[weight.rank - 1]])
      let products = matrix.matrixProduct(matrix, transposeSelf: true)
      // A planning run needs no mask, which has gigabytes for a wide layer.
      let mask = products.isAbstract ? Tensor.abstract(products.shape) : Self.offDiagonal(products.shape[0])
      sum = sum + (products * mask).squared().sum()
    }
    return sum * strength
  }

  private static func offDiagonal(_ size: Int) -> Tensor {
    var values = [Float](repeating: 1, count: size * size)
    for index in 0..<size { values[index * size + index] = 0 }
    return Tensor(values, shape: [size, size])
  }
}
