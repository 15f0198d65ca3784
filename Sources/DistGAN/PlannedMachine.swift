import Adversarial
import Communication
import Foundation
import Training

/// The machine of a plan: what was given before what was measured, and assumptions for the rest.
struct PlannedMachine {
  /// The model of a step on it.
  let model: ScalingModel
  /// Labels and texts that tell where the numbers come from.
  private(set) var facts: [(label: String, text: String)] = []

  /// Memory of a node unless given or measured: eight channels of DDR4 read about so much.
  private static let assumedMemoryBandwidth = 100e9
  /// A sum through the memory of a node unless measured.
  private static let assumedSmallSum = 5e-6
  /// Messages posted at once follow each other by this part of the latency unless measured.
  private static let assumedGap = 0.2

  private let flags: ScalingFlags
  private let values: ScalingValues
  private let measured: CommunicationMeasurement?

  /// - Parameters:
  ///   - leavesCore: whether the ranks' threads leave a core of this host free.
  /// - Throws: `OptionError` when a number that is needed was neither given nor measured.
  init(
    _ flags: ScalingFlags, _ values: ScalingValues, _ measured: CommunicationMeasurement?, _ steps: StepMeasurement?, plan: Plan,
    options: RunOptions, communicator: any Communicator, leavesCore: Bool
  ) throws {
    (self.flags, self.values, self.measured) = (flags, values, measured)
    let ranksPerNode = flags.ranksPerNode ?? communicator.localSize
    let memory = values.memoryBandwidth ?? measured?.memoryBandwidth ?? Self.assumedMemoryBandwidth
    let link = try Self.link(values, measured)
    let (compute, computeText) = try Self.compute(flags, values, steps, plan, options, ranksPerNode, memory, communicator)
    let smallSum = Self.smallSum(measured, hosts: communicator.hosts, ranksPerNode)
    var model = ScalingModel(
      phases: plan.phases, plan: options.plan, compute: compute, link: link ?? Link(latency: 0, bandwidth: .infinity),
      memoryBandwidth: memory, ranksPerNode: ranksPerNode, smallSumSeconds: smallSum)
    model.overlap = flags.overlap ?? 1
    model.hasSpareCore = flags.spareCore ?? (measured == nil || leavesCore)
    self.model = model

    if let link { facts.append(("link", text(of: link))) }
    let memoryOrigin = Self.origin(given: values.memoryBandwidth != nil, measured: measured != nil)
    facts.append(("memory", "\(Text.rate(memory, "B/s")) a node while its ranks add (\(memoryOrigin))"))
    facts.append(("compute", computeText))
    let sums = plan.phases.reduce(1) { $0 + $1.updates * $1.smallSums.count }
    let whole = communicator.size == 1 ? nil : measured?.smallSumSeconds
    let each =
      whole.map { "\(Text.seconds($0)) each over these ranks (measured)" } ?? "\(Text.seconds(smallSum)) each beside the link (assumed)"
    facts.append(("small sums", "\(sums) a step, \(each)"))
    let core = model.hasSpareCore ? "a core is left for them" : "no core is left for them, so their additions show"
    facts.append(("overlap", "\(Int((100 * model.overlap).rounded())) % of the backward pass hides sums between nodes; \(core)"))
  }

  /// The numbers of nodes: those asked for, or powers of two and what was measured on.
  func nodes(_ asked: [Int]?, hosts: Int) -> [Int] {
    if let asked { return asked }
    let most = model.link.bandwidth.isFinite ? max(1, model.mostNodes) : 1
    return Set((0..<8).map { 1 << $0 } + [hosts]).filter { $0 <= most }.sorted()
  }

  private static func origin(given: Bool, measured: Bool) -> String { given ? "given" : measured ? "measured" : "assumed" }

  /// Given numbers first; nil when there is no link at all, in a single process.
  private static func link(_ values: ScalingValues, _ measured: CommunicationMeasurement?) throws -> Link? {
    guard let latency = values.latency ?? measured?.link?.latency, let bandwidth = values.bandwidth ?? measured?.link?.bandwidth else {
      guard values.nodes.map({ $0.max() == 1 }) ?? true else {
        throw OptionError("--measure in a single process finds no link: start it with mpirun, or give --bandwidth and --latency")
      }
      return nil
    }
    return Link(latency: latency, bandwidth: bandwidth, gap: measured?.link?.gap ?? assumedGap * latency)
  }

  private func text(of link: Link) -> String {
    let latency = "latency \(Text.seconds(link.latency)) (\(values.latency == nil ? "measured" : "given"))"
    let bandwidth = "bandwidth \(Text.rate(link.bandwidth, "B/s")) (\(values.bandwidth == nil ? "measured" : "given"))"
    let gap = "\(Text.seconds(link.gap)) for each further message (\(measured?.link == nil ? "assumed" : "measured"))"
    guard let measured, let fitted = measured.link else { return "\(latency), \(bandwidth), \(gap)" }
    let place = measured.crossesHosts ? "between hosts" : "between two ranks of this host"
    let off = Int((100 * fitted.deviation(from: measured.points)).rounded())
    return "\(latency), \(bandwidth), \(gap), \(place); no message of 4 B to 16 MiB is off by more than \(off) %"
  }

  /// The compute time, and whence it comes.
  private static func compute(
    _ flags: ScalingFlags, _ values: ScalingValues, _ steps: StepMeasurement?, _ plan: Plan, _ options: RunOptions, _ ranksPerNode: Int,
    _ memory: Double, _ communicator: any Communicator
  ) throws -> (ScalingModel.Compute, String) {
    // A node's time over the whole batch, for each of the samples of one of its ranks.
    let share = Double(ranksPerNode) / Double(options.batch)
    if let seconds = flags.stepSeconds {
      return (
        .init(fixedSeconds: 0, secondsPerSample: seconds * share, includesPartials: true),
        "\(Text.seconds(seconds)) a step on one node (given), all of it in proportion to samples"
      )
    }
    if let rate = values.flopsRate {
      // Adam reads parameter, gradient and both moments and writes three of them; an average reads two and writes one.
      let update = plan.phases.reduce(0) { $0 + Double(10 * $1.reductions * $1.gradientBytes) } / memory
      return (
        .init(fixedSeconds: update, secondsPerSample: plan.flopsPerStep / rate * share, includesPartials: false),
        "\(Text.rate(rate, "FLOP/s")) a node (given), \(Text.seconds(update)) for the optimizers by memory (estimated)"
      )
    }
    guard let steps else { throw OptionError("--nodes needs the time of a step: --measure, --step-seconds 2.5 or --flops-rate 3TF") }
    var compute = steps.compute
    let ranks = communicator.size
    let text =
      "\(Text.seconds(steps.seconds.share)) for \(steps.samples.share) samples on each of \(ranks) \(ranks == 1 ? "rank" : "ranks"), "
      + "\(Text.seconds(steps.seconds.part)) for \(steps.samples.part) (measured): \(Text.seconds(compute.fixedSeconds)) do not shrink"
    compute.secondsPerSample *= Double(ranksPerNode) / Double(communicator.localSize)
    return (compute, text)
  }

  /// What a small sum takes beside its messages; below zero when it was measured faster than they should be.
  private static func smallSum(_ measured: CommunicationMeasurement?, hosts: Int, _ ranksPerNode: Int) -> Double {
    guard let measured, measured.smallSumSeconds > 0 else { return ranksPerNode > 1 ? assumedSmallSum : 0 }
    let rounds = hosts > 1 ? log2(Double(hosts)).rounded(.up) : 0
    let messages = measured.link.map { rounds * $0.seconds(Double(4 * CommunicationMeasurement.smallSumCount)) } ?? 0
    return measured.smallSumSeconds - messages
  }
}
