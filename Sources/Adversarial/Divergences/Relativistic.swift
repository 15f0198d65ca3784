public import Tensors

/// Relativistic losses: the critic says how much more real a real image is than a generated one.
///
/// With `φ` the form's loss of the critic, `softplus(-u)`, `(u - 1)²` or `max(0, 1 - u)`:
/// - pairs: critic `E φ(r - f)`, generator `E φ(f - r)`, one generated image to each real one;
/// - average: critic `(E φ(r - E f) + E φ(E r - f)) / 2`, generator `(E φ(f - E r) + E φ(E f - r)) / 2`, with the means of the global
///   batch. The halves are as in the author's code; the paper's formulas are twice that.
/// - Source: Jolicoeur-Martineau 2018, "The relativistic discriminator", section 4. https://arxiv.org/abs/1807.00734
public struct Relativistic: Divergence {
  /// What an image is compared with.
  public enum Pairing: String, OptionWord, Sendable {
    /// One image of the other kind.
    case pairs
    /// The mean over those of the other kind.
    case average
  }

  /// The loss of a difference.
  public enum Form: String, OptionWord, Sendable {
    case standard
    case leastSquares = "least-squares"
    case hinge
  }

  public static let card = EntryCard(
    name: "relativistic", summary: "real images against generated ones, in pairs or against the mean",
    formula: "critic E phi(r - f), generator E phi(f - r); average: means of both sides against E f and E r; "
      + "phi(u) softplus(-u), (u - 1)^2 or max(0, 1 - u)",
    paper: "Jolicoeur-Martineau 2018, The relativistic discriminator, section 4", link: "https://arxiv.org/abs/1807.00734")
  /// What an image is compared with.
  public var pairing = Pairing.pairs
  /// The loss of a difference.
  public var form = Form.standard

  /// The standard loss of pairs.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("pairing", \.pairing, "what an image is compared with: pairs or average"),
      .value("form", \.form, "loss of a difference: standard, least-squares or hinge"),
    ]
  }

  public var generatorNeedsReal: Bool { true }
  public var threshold: Float? { nil }
  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor { loss(of: real, above: fake) }
  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor { loss(of: fake, above: given(real)) }

  private func loss(of upper: Tensor, above lower: Tensor) -> Tensor {
    switch pairing {
    case .pairs: penalty(upper - lower).mean()
    case .average: (penalty(upper - lower.mean()).mean() + penalty(upper.mean() - lower).mean()) * 0.5
    }
  }

  private func penalty(_ difference: Tensor) -> Tensor {
    switch form {
    case .standard: (-difference).softplus()
    case .leastSquares: (difference - 1).squared()
    case .hinge: (1 - difference).rectified()
    }
  }
}
