public import Tensors

/// Slopes held to a length on the lines between real and generated images: `λ E(‖∇ₓ D(x̂)‖ - target)²`.
///
/// `x̂ = αx + (1 - α) G(z)` with one α from U(0, 1) for each **sample**; the classes are those of the real images. One-sided:
/// `λ E max(0, ‖∇ₓ D(x̂)‖ - target)²`.
/// - Source: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", eq. (3), λ = 10. https://arxiv.org/abs/1704.00028;
///   one-sided: Petzka, Fischer, Lukovnikov 2018, "On the regularization of Wasserstein GANs", https://arxiv.org/abs/1709.08894
public struct GradientPenalty: Term {
  /// Which slopes are penalised.
  public enum Sides: String, OptionWord, Sendable {
    /// Those that are too steep.
    case one
    /// Those that are too flat as well.
    case two
  }

  public static let card = EntryCard(
    name: "gradient-penalty", summary: "slopes of length 1 between real and generated images; WGAN-GP",
    formula: "critic: strength * E (|grad D(x')| - target)^2, x' = a x + (1 - a) G(z), a from U(0, 1) for each sample",
    paper: "Gulrajani et al. 2017, Improved Training of Wasserstein GANs, eq. (3); one-sided: Petzka et al. 2018",
    link: "https://arxiv.org/abs/1704.00028")
  /// Weight λ.
  public var strength: Float = 10
  /// Length that slopes are held to.
  public var target: Float = 1
  /// Which slopes are penalised.
  public var sides = Sides.two
  public var every = 1

  /// The paper's penalty.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("strength", \.strength, "weight of the penalty", in: 0...1e6),
      .value("target", \.target, "length that slopes are held to", in: 1e-6...1e6),
      .value("sides", \.sides, "two: steep and flat slopes; one: steep ones only"),
    ]
  }

  public var readsSlopes: Bool { true }
  public func critic(_ step: GameStep) -> Tensor? {
    let excess = Slopes(step, at: step.interpolates(), step.real.labels).norms - target
    return (sides == .two ? excess : excess.rectified()).squared().mean() * strength
  }
}
