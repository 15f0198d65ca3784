public import Adversarial
public import Communication
public import Datasets
import Foundation
import Kernels
import Tensors

/// Whole training steps, timed: as they are, and in turns with them with every primitive timed.
public struct StepBenchmark {
  /// Wall seconds of each step without a profile.
  public let seconds: [Double]
  /// Wall seconds of each step with one.
  public let profiledSeconds: [Double]
  /// Real images that all ranks read in a step, over all updates.
  public let imagesPerStep: Int
  /// Primitives of this rank, over all profiled steps.
  public let profile: Profile
  /// Floating-point operations of a step's convolutions, as the sums are defined, and products, over all ranks.
  public let productFlops: Double
  /// Floating-point operations per second that the registers of all ranks reach at the same time: the better of two trials, before the
  /// steps and after them.
  public let peakRate: Double
  /// Seconds of a step that this rank waited for others.
  public let waiting: Waits.Parts
  /// Largest resident memory of each rank, in bytes.
  public let residentBytes: [Int]
  /// Most bytes that this rank's tensors held at once.
  public let poolPeakBytes: Int
  /// Blocks for which this rank's pool asked the system for memory in the timed steps.
  public let poolMisses: Int

  /// Trains on `source`; writes no file. All ranks call this together.
  /// - Parameters:
  ///   - model: the model with its options.
  ///   - options: the run's options.
  ///   - source: the images.
  ///   - communicator: the ranks.
  ///   - warmUp: steps before, which are not timed.
  ///   - steps: timed steps without a profile, and as many with one.
  /// - Throws: what a run throws: `RunError` when a loss is no number, `ModelError` when the model cannot be built.
  public init(
    _ model: any ConfiguredModel, options: RunOptions, source: any ImageSource, communicator: any Communicator, warmUp: Int, steps: Int
  ) throws {
    precondition(warmUp >= 0 && steps >= 1, "StepBenchmark: \(warmUp) and \(steps) steps; at least one is needed to time")
    let trainer = try Trainer(model, options: options, source: source, communicator: communicator)
    try communicator.barrier()
    let peakBefore = Kernels.peakRate()
    for _ in 0..<warmUp { _ = try trainer.performStep() }
    let misses = StoragePool.shared.statistics.misses
    trainer.recordsWaits = true
    let profile = Profile()
    var (plain, profiled): ([StepRecord], [StepRecord]) = ([], [])
    for _ in 0..<steps {
      plain.append(try trainer.performStep())
      profiled.append(try profile.profiling { try trainer.performStep() })
    }
    let (waits, statistics) = (trainer.waits, StoragePool.shared.statistics)
    try communicator.barrier()
    let peak = max(peakBefore, Kernels.peakRate())

    seconds = plain.map(\.seconds)
    profiledSeconds = profiled.map(\.seconds)
    imagesPerStep = plain[0].images
    self.profile = profile
    let flops = profile.entries.reduce(0) { $0 + $1.productFlops } / Double(steps)
    productFlops = try communicator.everyNumber(flops).reduce(0, +)
    peakRate = try communicator.everyNumber(peak).reduce(0, +)
    waiting = try waits.parts(over: communicator) / Double(2 * steps)
    residentBytes = try communicator.everyNumber(Double(Self.residentPeak())).map { Int($0) }
    poolPeakBytes = statistics.peakBytes
    poolMisses = statistics.misses - misses
  }

  /// The largest resident size of this process so far, in bytes; 0 where the system does not tell.
  private static func residentPeak() -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM") })
    else { return 0 }
    return (Int(line.split(whereSeparator: { " \t".contains($0) }).dropFirst().first ?? "") ?? 0) << 10
  }
}
