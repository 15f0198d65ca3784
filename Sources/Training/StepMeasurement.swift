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

  /// Trains each rank's share of the batch by itself, all ranks at the same time, in turns with a quarter of the share.
  ///
  /// A rank is a run of its own with the share as its batch and the same shards: the same arithmetic, and no sums to wait for. Turns let
  /// both meet the same load of the machine.
  /// - Throws: what a run throws: `RunError` when a loss is no number, `ModelError` when the model cannot be built.
  public init(_ model: any ConfiguredModel, options: RunOptions, source: any ImageSource, communicator: any Communicator) throws {
    let plan = ShardPlan(batch: options.batch, shardCount: options.shards)
    let owned = plan.shards(ofRank: 0, of: communicator.size).count
    let share = plan.samples(ofRank: 0, of: communicator.size).count
    let part = max(1, share / 4)
    let trainers = try [(share, owned), (part, max(1, min(part, owned / 4)))].map { batch, shards in
      var options = options
      (options.batch, options.shards) = (batch, shards)
      return try Trainer(model, options: options, source: source, communicator: SingleProcess())
    }
    try communicator.barrier()
    let times = try (0...Self.steps).map { _ in try trainers.map { try $0.performStep().seconds } }.dropFirst()
    let medians = [0, 1].map { index in median(times.map { $0[index] }) }
    let slowest = try medians.map { try communicator.everyNumber($0).max() ?? $0 }
    samples = (share, part)
    seconds = (slowest[0], part == share ? slowest[0] : slowest[1])
  }

  /// A measurement with these results.
  init(samples: (share: Int, part: Int), seconds: (share: Double, part: Double)) {
    self.samples = samples
    self.seconds = seconds
  }

  /// The line through both measurements, in time by samples; never one that falls, nor one that begins below zero.
  public var compute: ScalingModel.Compute {
    let (n, m) = (Double(samples.share), Double(samples.part))
    let fixed = n > m ? (seconds.part * n - seconds.share * m) / (n - m) : 0
    let bounded = min(max(0, fixed), min(seconds.part, seconds.share))
    return ScalingModel.Compute(fixedSeconds: bounded, secondsPerSample: (seconds.share - bounded) / n, includesPartials: true)
  }
}
