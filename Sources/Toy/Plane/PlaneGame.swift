public import Adversarial
public import Images

/// A game in the plane: a model, a set, and how it went.
public final class PlaneGame {
  /// What a game came to.
  public struct Result: Sendable {
    /// How well generated points cover the modes.
    public let coverage: ModeCoverage
    /// Seconds of training.
    public let seconds: Double
    /// The step, from 1, whose loss was no finite number, and the loss; the game ended there.
    public let failure: (step: Int, loss: String)?
  }

  /// The points that images are made for: a pixel of two channels.
  public static let format = DataFormat(height: 1, width: 1, channels: 2, classes: nil)
  /// Points that the coverage is measured by.
  private static let measured = 10_000
  /// Points of each kind in a picture.
  private static let shown = 1_500

  private let model: PointGAN
  private let set: PointSet
  private let training: PointTraining

  /// A game of `model` for `set`, not yet begun.
  public init(_ model: PointGAN, for set: PointSet, batch: Int, seed: UInt64) {
    self.model = model
    self.set = set
    training = PointTraining(model, seed: seed, batch: batch, points: set.points)
  }

  /// How well the generator covers the modes now.
  public var coverage: ModeCoverage { ModeCoverage(of: set, by: training.samples(Self.measured)) }

  /// Trains for `steps` more steps, or up to the first loss that is no finite number.
  /// - Parameters:
  ///   - steps: how many.
  ///   - progress: called after every step with its number from 1.
  public func play(steps: Int, progress: (Int) -> Void = { _ in }) -> Result {
    let start = ContinuousClock.now
    var failure: (step: Int, loss: String)?
    for _ in 0..<steps {
      if let loss = training.performStep() {
        failure = (training.step, loss)
        break
      }
      progress(training.step)
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    return Result(coverage: coverage, seconds: seconds, failure: failure)
  }

  /// The critic, real points and generated ones, `side` pixels wide.
  public func picture(side: Int) -> Picture {
    PointPicture(side: side, extent: set.extent).draw(model, real: training.realPoints(Self.shown), generated: training.samples(Self.shown))
  }
}
