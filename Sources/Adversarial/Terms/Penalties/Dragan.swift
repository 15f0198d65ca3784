public import Tensors

/// Slopes held to length 1 around real images: `λ E(‖∇ₓ D(x̂)‖ - 1)²`, `x̂ = x + α·c·σ·u`.
///
/// σ is the standard deviation of all numbers of the **global** batch, u is drawn from U(0, 1) for each number and α from U(0, 1) for each
/// sample, as in the authors' notebook, with c = 0.5.
/// - Source: Kodali et al. 2017, "On Convergence and Stability of GANs"; λ = 10. https://arxiv.org/abs/1705.07215
public struct Dragan: Term {
  public static let card = EntryCard(
    name: "dragan", summary: "slopes of length 1 around real images",
    formula: "critic: strength * E (|grad D(x')| - 1)^2, x' = x + a * spread * s * u, s the deviation of the batch, a, u from U(0, 1)",
    paper: "Kodali et al. 2017, On Convergence and Stability of GANs", link: "https://arxiv.org/abs/1705.07215")
  /// Weight λ.
  public var strength: Float = 10
  /// Width c of the neighbourhood, in deviations.
  public var spread: Float = 0.5
  public var every = 1

  /// The authors' numbers.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("strength", \.strength, "weight of the penalty", in: 0...1e6),
      .value("spread", \.spread, "width of the neighbourhood, in deviations of the batch", in: 0...100),
    ]
  }

  public var readsSlopes: Bool { true }
  public func critic(_ step: GameStep) -> Tensor? {
    let x = step.real.images
    let deviation = (x - x.mean()).squared().mean().squareRoot()
    let away = step.uniform("direction", Array(x.shape.dropFirst())) * step.uniform("share", [1, 1, 1])
    return (Slopes(step, at: x + away * (deviation * spread), step.real.labels).norms - 1).squared().mean() * strength
  }
}
