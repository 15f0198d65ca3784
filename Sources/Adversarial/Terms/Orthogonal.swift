import Layers
public import Tensors

/// BigGAN's modified orthogonal regularization: `β ‖WᵀW ⊙ (1 - I)‖²` over the generator's weights with two or more axes.
///
/// For `W [inputs, outputs]` (a kernel's last axis is the outputs), so filters are pushed towards pairwise orthogonality while their
/// lengths stay free. Tables with a row for each class, as the shared embedding, are left out. The gradient is the exact one,
/// `4β W (WᵀW ⊙ (1 - I))`; ajbrock/BigGAN-PyTorch adds half of it.
/// - Source: Brock, Donahue, Simonyan 2019, eq. (3). https://arxiv.org/abs/1809.11096
public struct Orthogonal: Term {
  public static let card = EntryCard(
    name: "orthogonal", summary: "BigGAN's modified orthogonal regularization of the generator's weights",
    formula: "generator: strength * sum over W of |W'W * (1 - I)|^2", paper: "Brock, Donahue, Simonyan 2019, eq. (3)",
    link: "https://arxiv.org/abs/1809.11096")
  /// Weight β.
  public var strength: Float = 1e-4
  public var every = 1

  /// The regularizer of strength β, by default BigGAN's.
  public init(strength: Float = 1e-4) { self.strength = strength }

  public static var fields: [OptionField<Self>] { [.value("strength", \.strength, "weight of the penalty", in: 0...1)] }

  public func generator(_ step: GameStep) -> Tensor? { penalty(step.generator) }

  /// The penalty of the parameters of `store`, a scalar that is the same on every rank.
  func penalty(_ store: ParameterStore) -> Tensor {
    // Several parts of a batch share one penalty.
    store.remembering("orthogonal \(strength)") {
      var sum = Tensor(0)
      for (entry, (_, weight)) in zip(store.parameters, store.namedParameters) where weight.rank >= 2 && !entry.isTable {
        let matrix = weight.reshaped([-1, weight.shape[weight.rank - 1]])
        sum = sum + (matrix.shape[0] < matrix.shape[1] ? Self.wide(matrix) : Self.tall(matrix))
      }
      return sum * strength
    }
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
