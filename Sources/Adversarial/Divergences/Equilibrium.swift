public import Tensors

/// Boundary equilibrium: critic `E r - k E f`, generator `E f`, for energies `[batch, 1]`, with k held so that `E f = γ E r`.
///
/// After each critic update `k ← min(max(k + λ (γ E r - E f), 0), 1)`, from k = 0 on, with the means of the global batch: E f is that of the
/// critic's own batch (as in carpedm20/BEGAN-tensorflow, where both networks have one), the paper's that of the generator's. A batch in
/// several parts makes one such step, a part of it with each.
///
/// The measure `M = E r + |γ E r - E f|` falls while the game converges. Step sizes are halved when it stalls: when its moving average over
/// about a hundred updates has not come below its least value by a hundredth of it for `patience` updates. The paper says no more than
/// that they are; how a stall is told is our own.
/// - Source: Berthelot, Schumm, Metz 2017, "BEGAN: Boundary Equilibrium GANs", sections 3.3, 3.4 and 4.1: γ 0.3 to 0.7, λ 0.001.
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
  /// Critic updates without a lower measure after which step sizes are halved; 0: they never are.
  public var patience = 0
  /// Smallest share of the step sizes.
  public var floor: Float = 0.2

  /// The paper's γ and λ, and step sizes that stay.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("gamma", \.gamma, "energy of generated images over that of real ones, which k holds", in: 0...1),
      .value("lambda", \.lambda, "step size of k", in: 0...1),
      .value("patience", \.patience, "updates without a lower measure that halve step sizes; 0: never", in: 0...1_000_000_000),
      .value("floor", \.floor, "smallest share of the step sizes", in: 0...1),
    ]
  }

  public var input: CriticReading { .energy }
  public var threshold: Float? { nil }
  /// Scalars are logged. `progress` is the measure's average, its least value since the last halving, and the updates since that.
  public var state: [StateEntry] {
    [StateEntry("k"), StateEntry("measure"), StateEntry("rate", initial: 1), StateEntry("progress", shape: [3])]
  }
  public var pace: String? { "rate" }
  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor { real.mean() }
  public func criticLoss(real: Tensor, fake: Tensor, _ state: GameState) -> Tensor {
    let (r, f, k) = (real.mean(), fake.mean(), state["k"])
    let balance = r.detached * gamma - f.detached
    state["k"] = (k + balance * (lambda * state.share)).clamped(from: 0, to: 1)
    state["measure"] = r.detached + balance.magnitude()
    if patience > 0 && !r.isAbstract { follow(state) }
    return r - f * k
  }
  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor { fake.mean() }

  /// Weight of a new measure in the average, and the part of the least value by which it must fall.
  private static let (weight, part): (Float, Float) = (0.01, 0.01)

  private func follow(_ state: GameState) {
    let (measure, old) = (state["measure"].scalar, state["progress"].values)
    // Energies are positive: an average of zero is one that has not begun.
    let average = old[0] == 0 ? measure : old[0] + Self.weight * state.share * (measure - old[0])
    var (least, waited) = (old[1], old[2] + state.share)
    if old[0] == 0 || average < least * (1 - Self.part) { (least, waited) = (average, 0) }
    if waited >= Float(patience) {
      state["rate"] = Tensor(max(state["rate"].scalar / 2, floor))
      (least, waited) = (average, 0)
    }
    state["progress"] = Tensor([average, least, waited], shape: [3])
  }
}
