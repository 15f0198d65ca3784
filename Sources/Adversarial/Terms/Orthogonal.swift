import Layers
public import Tensors

/// Orthogonal regularization of a network's weights with two or more axes: BigGAN's modified form `β ‖WᵀW ⊙ (1 - I)‖²`, or the plain one
/// `β ‖WᵀW - I‖²`.
///
/// For `W [inputs, outputs]` (a kernel's last axis is the outputs), so filters are pushed towards pairwise orthogonality; the modified form
/// leaves their lengths free. Tables with a row for each class, as the shared embedding, are left out. The gradient is the exact one,
/// `4β W (WᵀW ⊙ (1 - I))`; ajbrock/BigGAN-PyTorch adds half of it.
/// - Source: Brock, Donahue, Simonyan 2019, eqs. (2), (3). https://arxiv.org/abs/1809.11096
public struct Orthogonal: Term {
  /// What the products of filters are held to.
  public enum Form: String, OptionWord, Sendable {
    /// Zero between different filters.
    case modified
    /// That, and one of each filter with itself.
    case plain
  }

  public static let card = EntryCard(
    name: "orthogonal", summary: "filters made orthogonal to each other, as in BigGAN, or orthonormal",
    formula: "strength * sum over W of |W'W * (1 - I)|^2; plain: strength * sum over W of |W'W - I|^2",
    paper: "Brock, Donahue, Simonyan 2019, eqs. (2), (3)", link: "https://arxiv.org/abs/1809.11096")
  /// Weight β.
  public var strength: Float = 1e-4
  /// What the products of filters are held to.
  public var form = Form.modified
  /// Whose weights.
  public var on = NetworkChoice.generator
  public var every = 1

  /// The regularizer of strength β, by default BigGAN's.
  public init(strength: Float = 1e-4) { self.strength = strength }

  public static var fields: [OptionField<Self>] {
    [
      .value("strength", \.strength, "weight of the penalty", in: 0...1),
      .value("form", \.form, "modified: filters orthogonal; plain: orthonormal"),
      .value("on", \.on, "which networks: critic, generator or both"),
    ]
  }

  public func critic(_ step: GameStep) -> Tensor? { on.includes(.critic) ? penalty(step.critic) : nil }
  public func generator(_ step: GameStep) -> Tensor? { on.includes(.generator) ? penalty(step.generator) : nil }

  /// The penalty of the parameters of `store`, a scalar that is the same on every rank.
  func penalty(_ store: ParameterStore) -> Tensor {
    // Several parts of a batch share one penalty.
    store.remembering("orthogonal \(form) \(strength)") {
      var sum = Tensor(0)
      for (entry, (_, weight)) in zip(store.parameters, store.namedParameters) where weight.rank >= 2 && !entry.isTable {
        let matrix = weight.reshaped([-1, weight.shape[weight.rank - 1]])
        sum = sum + (matrix.shape[0] < matrix.shape[1] ? wide(matrix) : tall(matrix))
      }
      return sum * strength
    }
  }

  /// The norm as it stands.
  private func tall(_ matrix: Tensor) -> Tensor {
    let products = matrix.matrixProduct(matrix, transposeSelf: true)
    let others = products * Pairwise.offDiagonal(like: products)
    guard form == .plain else { return others.squared().sum() }
    return others.squared().sum() + (matrix.squared().sum(axes: [0]) - 1).squared().sum()
  }

  /// The same for more filters than inputs, by `‖WᵀW‖² = ‖W Wᵀ‖²` without `Σⱼ ‖wⱼ‖⁴`: a generator's first layer has 24,576 filters of
  /// 20 inputs, whose products in pairs would take gigabytes. The difference loses nothing here, since so many filters cannot be
  /// orthogonal.
  private func wide(_ matrix: Tensor) -> Tensor {
    let products = matrix.matrixProduct(matrix, transposeOther: true)
    let lengths = matrix.squared().sum(axes: [0])
    let others = products.squared().sum() - lengths.squared().sum()
    return form == .plain ? others + (lengths - 1).squared().sum() : others
  }
}
