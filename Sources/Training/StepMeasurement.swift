public import Adversarial
public import Communication
public import Datasets
import Sharding

/// The compute time of real steps of a model, without communication.
public struct StepMeasurement: Sendable {
  /// Samples of a rank's share, and of the small part of it by which fixed and growing time are told apart.
  public let samples: (share: Int, part: Int)
  /// Median seconds of a step over each, on the slowest rank.
  public let seconds: (share: Double, part: Double)

  /// Steps that are timed, after one that is not.
  static let steps = 3

  /// Trains each rank's share of the batch by itself, all ranks at the same time, and then a quarter of the share.
  ///
  /// A rank is a run of its own with the share as its batch and the same shards: the same arithmetic, and no sums to wait for.
  /// - Throws: what a run throws: `RunError` when a loss is no number, `ModelError` when the model cannot be built.
  public init(_ model: any ConfiguredModel, options: RunOptions, source: any ImageSource, communicator: any Communicator) throws {
    let plan = ShardPlan(batch: options.batch, shardCount: options.shards)
    let owned = plan.shards(ofRank: 0, of: communicator.size).count
    let share = plan.samples(ofRank: 0, of: communicator.size).count
    let part = max(1, share / 4)
    func slowest(_ batch: Int, _ shards: Int) throws -> Double {
      var options = options
      (options.batch, options.shards) = (batch, shards)
      try communicator.barrier()
      let own = try Self.medianSeconds(model, options, source)
      return try communicator.everyNumber(own).max() ?? own
    }
    samples = (share, part)
    let whole = try slowest(share, owned)
    seconds = (whole, part == share ? whole : try slowest(part, max(1, min(part, owned / 4))))
  }

  /// A measurement with these results.
  init(samples: (share: Int, part: Int), seconds: (share: Double, part: Double)) {
    self.samples = samples
    self.seconds = seconds
  }

  private static func medianSeconds(_ model: any ConfiguredModel, _ options: RunOptions, _ source: any ImageSource) throws -> Double {
    let trainer = try Trainer(model, options: options, source: source, communicator: SingleProcess())
    return median(try (0...steps).map { _ in try trainer.performStep().seconds }.dropFirst().map { $0 })
  }

  /// The line through both measurements, in time by samples; never one that falls, nor one that begins below zero.
  public var compute: ScalingModel.Compute {
    let (n, m) = (Double(samples.share), Double(samples.part))
    let fixed = n > m ? (seconds.part * n - seconds.share * m) / (n - m) : 0
    let bounded = min(max(0, fixed), min(seconds.part, seconds.share))
    return ScalingModel.Compute(fixedSeconds: bounded, secondsPerSample: (seconds.share - bounded) / n, includesPartials: true)
  }
}
