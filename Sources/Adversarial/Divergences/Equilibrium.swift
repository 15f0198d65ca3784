public import Tensors

/// Boundary equilibrium: critic `E r - k E f`, generator `E f`, for energies `[batch, 1]`, with k held so that `E f = γ E r`.
///
/// After each critic update `k ← min(max(k + λ (γ E r - E f), 0), 1)`, from k = 0 on, with the means of the global batch. A batch in
/// several parts makes one such step, a part of it with each.
/// - Source: Berthelot, Schumm, Metz 2017, "BEGAN: Boundary Equilibrium GANs", section 3: γ 0.3 to 0.7, λ 0.001.
///   https://arxiv.org/abs/1703.10717
public struct Equilibrium: Divergence {
  public static let card = EntryCard(
    name: "equilibrium", summary: "an autoencoder's energies, balanced by a weight k that follows the game; BEGAN",
    formula: "critic E r - k E f, generator E f, k <- clip(k + lambda (gamma E r - E f), 0, 1); r and f are energies",
    paper: "Berthelot, Schumm, Metz 2017, BEGAN, section 3", link: "https://arxiv.org/abs/1703.10717")
  /// Diversity γ: the ratio of energies that k holds.
  public var gamma: Float = 0.5
  /// Step size λ of k.
  public var lambda: Float = 0.001

  /// The paper's γ and λ.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("gamma", \.gamma, "energy of generated images over that of real ones, which k holds", in: 0...1),
      .value("lambda", \.lambda, "step size of k", in: 0...1),
    ]
  }

  public var input: CriticReading { .energy }
  public var threshold: Float? { nil }
  public var state: [StateEntry] { [StateEntry("k")] }
  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor { real.mean() }
  public func criticLoss(real: Tensor, fake: Tensor, _ state: GameState) -> Tensor {
    let (r, f, k) = (real.mean(), fake.mean(), state["k"])
    state["k"] = (k + (r.detached * gamma - f.detached) * (lambda * state.share)).clamped(from: 0, to: 1)
    return r - f * k
  }
  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor { fake.mean() }
}
