public import Tensors

/// The generator matches the critic's mean features: `λ ‖E h(x) - E h(G(z))‖²`, means of the **global** batch.
///
/// `norm=absolute` is `λ mean|E h(x) - E h(G(z))|` over the features, as in the authors' code (openai/improved-gan).
/// - Source: Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.1. https://arxiv.org/abs/1606.03498
public struct FeatureMatching: Term {
  /// How the difference of means is measured.
  public enum Norm: String, OptionWord, Sendable {
    /// The sum of squares.
    case squared
    /// The mean of magnitudes.
    case absolute
  }

  public static let card = EntryCard(
    name: "feature-matching", summary: "the generator matches the critic's mean features on real images",
    formula: "generator: strength * |E h(x) - E h(G(z))|^2, h the critic's features",
    paper: "Salimans et al. 2016, Improved Techniques for Training GANs, section 3.1", link: "https://arxiv.org/abs/1606.03498")
  /// Weight λ.
  public var strength: Float = 1
  /// How the difference of means is measured.
  public var norm = Norm.squared
  public var every = 1

  /// A weight of 1.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("strength", \.strength, "weight of the term", in: 0...1e6),
      .value("norm", \.norm, "squared: sum of squares; absolute: mean of magnitudes"),
    ]
  }

  public var needs: Set<CriticPart> { [.features] }
  public var generatorNeedsReal: Bool { true }
  public func generator(_ step: GameStep) -> Tensor? {
    let difference = step.real.given(.features).mean(axes: [0]) - step.fake.given(.features).mean(axes: [0])
    return (norm == .squared ? difference.squared().sum() : difference.magnitude().mean()) * strength
  }
}

extension GameImages {
  /// A part of the critic's output that a term said it needs.
  func given(_ part: CriticPart) -> Tensor { output.given(part) }
}

extension CriticOutput {
  /// A part that a term said it needs.
  func given(_ part: CriticPart) -> Tensor {
    guard let tensor = self.part(part) else {
      preconditionFailure("the critic gave no \(part.rawValue); a term that reads them says so in `needs`")
    }
    return tensor
  }
}
