public import Adversarial

/// The f-GAN paper's univariate experiment: a normal distribution fitted to a mixture by a game, and the best one by quadrature.
public enum LineGame {
  /// What a game came to.
  public struct Result: Sendable {
    /// The generator at the end.
    public let fitted: NormalFit
    /// The minimiser of the divergence.
    public let best: NormalFit
    /// The least divergence.
    public let leastDivergence: Double
    /// The divergence of the generator at the end.
    public let divergence: Double
    /// Seconds of training.
    public let seconds: Double
    /// The step, from 1, whose loss was no finite number; the game ended there.
    public let failure: Int?
  }

  /// What images are made for: a pixel of one channel.
  public static let format = DataFormat(height: 1, width: 1, channels: 1, classes: nil)

  /// The members of the f-divergences that the catalogue has.
  public static var members: [any FDivergence] { divergences.entries.compactMap { $0 as? any FDivergence } }

  /// `member` with the generator that minimises its bound: the other one has another minimiser.
  public static func minimising(_ member: any FDivergence) -> any FDivergence {
    var member = member
    member.generator = .saturating
    return member
  }

  /// What is added to the losses when nothing else is said, as options are written.
  ///
  /// Total variation's best critic is infinite with either sign, where `tanh` has no slope left for the generator: a little of R1 keeps it
  /// finite. The fit is then that of smoothed densities, nearer to the best one than a game without it comes.
  public static func usualTerms(_ member: any FDivergence) -> String { member is TotalVariation ? "r1:gamma=0.005" : "none" }

  /// Fits by `model`, whose loss is `member`.
  public static func play(
    _ model: LineGAN, _ member: any FDivergence, _ mixture: NormalMixture, steps: Int, batch: Int, seed: UInt64
  ) -> Result {
    let training = PointTraining(model, seed: seed, batch: batch, points: mixture.points)
    let start = ContinuousClock.now
    var failure: Int?
    while training.step < steps && failure == nil {
      if training.performStep() != nil { failure = training.step }
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    let quadrature = DivergenceQuadrature(mixture)
    let (best, fitted) = (quadrature.minimiser(member), model.fit)
    return Result(
      fitted: fitted, best: best.fit, leastDivergence: best.divergence, divergence: quadrature.divergence(member, fitted), seconds: seconds,
      failure: failure)
  }
}
