public import Tensors

/// R1: flat critics at real images, `γ/2 · E‖∇ₓ D(x)‖²`.
///
/// Given together with `r2` it makes the pair that R3GAN trains with. The authors' code multiplies E‖∇ₓ D(x)‖² by its `reg_param`, so
/// γ is twice that.
/// - Source: Mescheder, Geiger, Nowozin 2018, "Which Training Methods for GANs do actually Converge?", section 4.1.
///   https://arxiv.org/abs/1801.04406; both: Huang et al. 2024, "The GAN is dead; long live the GAN!". https://arxiv.org/abs/2501.05441
public struct RealSlopes: Term {
  public static let card = EntryCard(
    name: "r1", summary: "flat critics at real images; with r2 as R3GAN", formula: "critic: gamma / 2 * E |grad D(x)|^2",
    paper: "Mescheder, Geiger, Nowozin 2018, Which Training Methods for GANs do actually Converge?, section 4.1",
    link: "https://arxiv.org/abs/1801.04406")
  /// Weight γ.
  public var gamma: Float = 10
  public var every = 1

  /// The paper's weight.
  public init() {}

  public static var fields: [OptionField<Self>] { [.value("gamma", \.gamma, "weight of the penalty", in: 0...1e6)] }

  public var readsSlopes: Bool { true }
  public func critic(_ step: GameStep) -> Tensor? {
    Slopes(step, at: step.real.images, step.real.labels).squares.mean() * (gamma / 2)
  }
}

/// R2: flat critics at generated images, `γ/2 · E‖∇ₓ D(G(z))‖²`.
/// - Source: Mescheder, Geiger, Nowozin 2018, section 4.1. https://arxiv.org/abs/1801.04406
public struct FakeSlopes: Term {
  public static let card = EntryCard(
    name: "r2", summary: "flat critics at generated images; with r1 as R3GAN", formula: "critic: gamma / 2 * E |grad D(G(z))|^2",
    paper: "Mescheder, Geiger, Nowozin 2018, Which Training Methods for GANs do actually Converge?, section 4.1",
    link: "https://arxiv.org/abs/1801.04406")
  /// Weight γ.
  public var gamma: Float = 10
  public var every = 1

  /// The paper's weight.
  public init() {}

  public static var fields: [OptionField<Self>] { [.value("gamma", \.gamma, "weight of the penalty", in: 0...1e6)] }

  public var readsSlopes: Bool { true }
  public func critic(_ step: GameStep) -> Tensor? {
    Slopes(step, at: step.fake.images, step.fake.labels).squares.mean() * (gamma / 2)
  }
}

/// Flat critics on the lines between real and generated images: `λ E‖∇ₓ D(x̂)‖²`, `x̂` as in `GradientPenalty`, D the critic's logit as in all
/// penalties here; the authors' code for the original game, not that for Wasserstein's, takes the slope of its sigmoid.
/// - Source: Thanh-Tung, Tran, Venkatesh 2019, "Improving Generalization and Stability of Generative Adversarial Networks".
///   https://arxiv.org/abs/1902.03984; λ: the default of the authors' code, htt210/GeneralizationAndStabilityInGANs,
///   GradientPenaltiesGAN.py
public struct FlatBetween: Term {
  public static let card = EntryCard(
    name: "zero-centred", summary: "flat critics between real and generated images",
    formula: "critic: strength * E |grad D(x')|^2, x' = a x + (1 - a) G(z), a from U(0, 1) for each sample",
    paper: "Thanh-Tung, Tran, Venkatesh 2019, Improving Generalization and Stability of GANs", link: "https://arxiv.org/abs/1902.03984")
  /// Weight λ.
  public var strength: Float = 10
  public var every = 1

  /// The weight of the authors' code.
  public init() {}

  public static var fields: [OptionField<Self>] { [.value("strength", \.strength, "weight of the penalty", in: 0...1e6)] }

  public var readsSlopes: Bool { true }
  public func critic(_ step: GameStep) -> Tensor? {
    Slopes(step, at: step.interpolates(), step.real.labels).squares.mean() * strength
  }
}
