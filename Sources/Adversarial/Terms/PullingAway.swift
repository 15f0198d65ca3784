public import Tensors

/// Generated images pushed apart by their features: `λ / (N (N - 1)) · Σ_{i≠j} cos²(Sᵢ, Sⱼ)` over the **global** batch of N.
///
/// S are the critic's features (an autoencoder's code) on the generated images.
/// - Source: Zhao, Mathieu, LeCun 2017, "Energy-based Generative Adversarial Network", section 2.4, λ = 0.1. https://arxiv.org/abs/1609.03126
public struct PullingAway: Term {
  public static let card = EntryCard(
    name: "pulling-away", summary: "features of generated images made orthogonal to each other; EBGAN-PT",
    formula: "generator: strength / (N (N - 1)) * sum over i != j of cos^2(S_i, S_j), S the critic's features, N the batch",
    paper: "Zhao, Mathieu, LeCun 2017, Energy-based GAN, section 2.4", link: "https://arxiv.org/abs/1609.03126")
  /// Weight λ.
  public var strength: Float = 0.1
  public var every = 1

  /// The paper's weight.
  public init() {}

  public static var fields: [OptionField<Self>] { [.value("strength", \.strength, "weight of the term", in: 0...1e6)] }

  public var needs: Set<CriticPart> { [.features] }
  public var needsPairs: Bool { true }
  public func generator(_ step: GameStep) -> Tensor? {
    let features = step.fake.given(.features)
    // Features that are all zero have no direction; they count as orthogonal to all.
    let lengths = (features.squared().sum(axes: [1], keepingAxes: true) + 1e-12).squareRoot()
    let directions = (features / lengths).gatheredBatch()
    return Pairwise.meanOffDiagonal(directions.matrixProduct(directions, transposeOther: true).squared()) * strength
  }
}
