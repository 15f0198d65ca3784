public import Adversarial

/// Watches the health of a run and says in words what goes wrong, once per episode.
///
/// An episode begins when a sign was there at `patience` examinations in a row, and ends when it was missing at as many: a single odd batch
/// neither begins nor ends one. A start of the run that goes on begins without memory, and says again what lasts.
public struct HealthMonitor {
  /// Examinations in a row that make an episode, or end it.
  public static let patience = 3
  /// Share of right logits above which a critic tells the images apart. At 0.99 of both kinds one image in a hundred still teaches the
  /// generator by the sign; usual critics stand between 0.6 and 0.95.
  public static let sureness: Float = 0.99
  /// Slope of the generator's loss in the critic's logits below which, under a sure critic, it learns almost nothing: a hundredth of what
  /// a loss that is linear in them gives. `minimax` is there at logits of -4.6 on generated images.
  public static let flatLoss: Float = 1e-2
  /// Share of the usual gradient below which the generator, under a sure critic, learns almost nothing. Gradients of healthy runs stay
  /// within a factor of ten or so; two orders of magnitude less is another state.
  public static let weakGradient: Float = 1e-2
  /// The same without a sure critic as a second sign: three orders of magnitude.
  public static let vanishedGradient: Float = 1e-3
  /// Root of the mean square of a gradient, per parameter, below which steps vanish whatever they were: the ε that Adam adds (Kingma, Ba
  /// 2015, algorithm 1, https://arxiv.org/abs/1412.6980).
  public static let noGradient: Float = 1e-8
  /// Share of real images' distance below which generated ones are the same to the eye: real ones lie about 0.5 to 0.8 apart in pixels of
  /// [-1, 1], a twentieth of which is three to five grey levels of 256.
  public static let sameness: Float = 0.05
  /// Gradients whose median counts as one: a spike is no usual gradient.
  private static let remembered = 5

  private var recent: [Float] = []
  /// Largest median of `remembered` norms in a row: what the generator's gradient was while it learned; 0 before there are so many.
  private var usual: Float = 0
  private var (saturation, vanishing, sameness) = (Episode(), Episode(), Episode())

  /// A monitor that has seen nothing.
  public init() {}

  /// Something that is there, or not.
  private struct Episode {
    private(set) var isOpen = false
    private var changed = 0

    /// Takes a sign in; whether an episode begins with it.
    mutating func begins(_ sign: Bool) -> Bool {
      changed = sign == isOpen ? 0 : changed + 1
      guard changed == HealthMonitor.patience else { return false }
      changed = 0
      isOpen.toggle()
      return isOpen
    }
  }

  /// What begins to go wrong with this examination, in sentences with what to try.
  public mutating func warnings(_ health: Health) -> [String] {
    let norm = health.generatorGradient
    recent = recent.suffix(Self.remembered - 1) + [norm]
    if recent.count == Self.remembered { usual = max(usual, recent.sorted()[Self.remembered / 2]) }
    func isBelow(_ share: Float) -> Bool { norm < share * usual || norm < Self.noGradient }

    var found: [String] = []
    let isSure = health.accuracy.map { min($0.real ?? 0, $0.fake) > Self.sureness } ?? false
    let isFlat = health.lossSlope.map { $0 < Self.flatLoss } ?? false
    let saturates = saturation.begins(isSure && (isFlat || isBelow(Self.weakGradient)))
    if saturates, let accuracy = health.accuracy {
      found.append(
        "critic saturated: it tells \(percent(accuracy.real ?? 0)) of real and \(percent(accuracy.fake)) of generated images right, and the "
          + "generator's gradient is \(amount(norm))\(isFlat ? ", and its loss is flat there" : ""); try --loss non-saturating, hinge or wasserstein, a lower learning rate of the critic, "
          + "or a flatter critic (--term r1, --constraint spectral)")
    }
    let vanishes = vanishing.begins(isBelow(Self.vanishedGradient))
    // A saturated critic is the reason, and was told.
    if vanishes && !saturation.isOpen {
      found.append(
        "the generator's gradients vanished: theirs is \(amount(norm)); try another --loss (wasserstein with --term gradient-penalty has "
          + "slopes everywhere), lower learning rates, or going on from a checkpoint before")
    }
    let (real, fake) = (health.distances.real, health.distances.fake)
    let isSame = real.map { fake < Self.sameness * $0 } ?? false
    if sameness.begins(isSame), let real {
      found.append(
        "samples nearly identical: from different z they lie \(fake) apart (root mean square of pixels in [-1, 1]), real images \(real); try "
          + "going on from a checkpoint before, a lower learning rate of the generator, a larger batch, or --term r1, pulling-away or "
          + "diff-augment")
    }
    return found
  }

  private func percent(_ share: Float) -> String { "\((share * 1000).rounded() / 10) %" }

  private func amount(_ norm: Float) -> String {
    usual > 0 ? "\(norm) per parameter, \(norm / usual) of what it usually was" : "\(norm) per parameter"
  }
}
