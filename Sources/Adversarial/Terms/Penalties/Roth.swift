public import Tensors

/// The regularizer of the Jensen-Shannon game: `γ/2 · (E[(1 - s(r))² ‖∇ₓ r‖²] + E[s(f)² ‖∇ₓ f‖²])`, s the sigmoid, r and f the logits.
///
/// What noise on the images would do to the game, to first order: the critic is held flat where it is unsure. The weights are
/// differentiated too, as in the authors' code.
/// - Source: Roth, Lucchi, Nowozin, Hofmann 2017, "Stabilizing Training of Generative Adversarial Networks through Regularization",
///   algorithm 1, γ = 0.1 (the paper also anneals it). https://arxiv.org/abs/1705.09367
public struct Roth: Term {
  public static let card = EntryCard(
    name: "roth", summary: "flat critics where they are unsure, as noise on images makes them; for losses of logits",
    formula: "critic: gamma / 2 * (E (1 - s(r))^2 |grad r|^2 + E s(f)^2 |grad f|^2), s the sigmoid",
    paper: "Roth et al. 2017, Stabilizing Training of GANs through Regularization, algorithm 1", link: "https://arxiv.org/abs/1705.09367")
  /// Weight γ.
  public var gamma: Float = 0.1
  public var every = 1

  /// The paper's first weight.
  public init() {}

  public static var fields: [OptionField<Self>] { [.value("gamma", \.gamma, "weight of the penalty", in: 0...1e6)] }

  public var readsSlopes: Bool { true }
  public var needsLogits: Bool { true }
  public func critic(_ step: GameStep) -> Tensor? {
    let real = Slopes(step, at: step.real.images, step.real.labels)
    let fake = Slopes(step, at: step.fake.images, step.fake.labels)
    // 1 - s(r) = s(-r), without the loss of digits.
    return (weighted(real, by: -real.logits) + weighted(fake, by: fake.logits)) * (gamma / 2)
  }

  /// `E s(u)² ‖slope‖²`; a critic with a logit for each patch is weighed by their mean.
  private func weighted(_ slopes: Slopes, by logits: Tensor) -> Tensor {
    let weights = logits.sigmoid().squared().mean(axes: Array(1..<logits.rank))
    return (weights * slopes.squares).mean()
  }
}
