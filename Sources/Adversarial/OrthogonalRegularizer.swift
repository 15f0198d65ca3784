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
      sum = sum + (matrix.shape[0] < matrix.shape[1] ? Self.wide(matrix) : Self.tall(matrix))
    }
    return sum * strength
  }

  /// `‖WᵀW ⊙ (1 - I)‖²` as it stands.
  private static func tall(_ matrix: Tensor) -> Tensor {
    let products = matrix.matrixProduct(matrix, transposeSelf: true)
    return (products * (products.isAbstract ? Tensor.abstract(products.shape) : offDiagonal(products.shape[0]))).squared().sum()
  }

  /// The same for more filters than inputs, `‖W Wᵀ‖² - Σⱼ ‖wⱼ‖⁴`: a generator's first layer has 24,576 filters of 20 inputs, whose
  /// products in pairs would take gigabytes. The difference loses nothing here, since so many filters cannot be orthogonal.
  private static func wide(_ matrix: Tensor) -> Tensor {
    let products = matrix.matrixProduct(matrix, transposeOther: true)
    return products.squared().sum() - matrix.squared().sum(axes: [0]).squared().sum()
  }

  private static func offDiagonal(_ size: Int) -> Tensor {
    var values = [Float](repeating: 1, count: size * size)
    for index in 0..<size { values[index * size + index] = 0 }
    return Tensor(values, shape: [size, size])
  }
}
