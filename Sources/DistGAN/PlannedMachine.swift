import Adversarial
import Communication
import Foundation
import Training

/// The machine of a plan: what was given before what was measured, and assumptions for the rest.
struct PlannedMachine {
  /// The model of a step on it.
  let model: ScalingModel
  /// Labels and texts that tell where the numbers come from.
  let facts: [(label: String, text: String)]

  /// Memory of a node unless given or measured: eight channels of DDR4-2400 read about so much.
  private static let assumedMemoryBandwidth = 100e9
  /// A sum through the memory of a node unless measured.
  private static let assumedSmallSum = 5e-6
  /// Messages posted at once follow each other by this part of the latency unless measured.
  private static let assumedGap = 0.2

  init(
    _ flags: ScalingFlags, _ values: ScalingValues, _ measured: CommunicationMeasurement?, _ steps: StepMeasurement?, _ plan: Plan,
    _ options: RunOptions, localSize: Int, ranks: Int, leavesCore: Bool
  ) throws {
    var facts: [(label: String, text: String)] = []
    let ranksPerNode = flags.ranksPerNode ?? localSize
    let memory = values.memoryBandwidth ?? measured?.memoryBandwidth ?? Self.assumedMemoryBandwidth
    func origin(_ given: Bool, _ found: Bool) -> String { given ? "given" : found ? "measured" : "assumed" }

    let link = try Self.link(values, measured)
    if let link {
      let place = measured?.link == nil ? "" : measured?.crossesHosts == true ? ", between hosts" : ", between two ranks of this host"
      let gap = measured?.link == nil ? "assumed" : "measured"
      facts.append(
        (
          "link",
          "latency \(Text.seconds(link.latency)) (\(origin(values.latency != nil, true))), bandwidth \(Text.rate(link.bandwidth, "B/s")) "
            + "(\(origin(values.bandwidth != nil, true))), \(Text.seconds(link.gap)) for each further message (\(gap))\(place)"
        ))
    }
    let memoryOrigin = origin(values.memoryBandwidth != nil, measured != nil)
    facts.append(("memory", "\(Text.rate(memory, "B/s")) a node while its ranks add (\(memoryOrigin))"))

    let batch = Double(options.batch)
    let compute: ScalingModel.Compute
    if let seconds = flags.stepSeconds {
      compute = .init(fixedSeconds: 0, secondsPerSample: seconds * Double(ranksPerNode) / batch, includesPartials: true)
      facts.append(("compute", "\(Text.seconds(seconds)) a step on one node (given), all of it in proportion to samples"))
    } else if let rate = values.flopsRate {
      let update = Self.updateBytes(plan) / memory
      compute = .init(
        fixedSeconds: update, secondsPerSample: plan.flopsPerStep / rate * Double(ranksPerNode) / batch, includesPartials: false)
      facts.append(
        ("compute", "\(Text.rate(rate, "FLOP/s")) a node (given), \(Text.seconds(update)) for the optimizers by memory (estimated)"))
    } else if let steps {
      var scaled = steps.compute
      scaled.secondsPerSample *= Double(ranksPerNode) / Double(localSize)
      compute = scaled
      facts.append(
        (
          "compute",
          "\(Text.seconds(steps.seconds.share)) for \(steps.samples.share) samples on each of \(ranks) \(ranks == 1 ? "rank" : "ranks"), "
            + "\(Text.seconds(steps.seconds.part)) for \(steps.samples.part) (measured): \(Text.seconds(scaled.fixedSeconds)) do not shrink"
        ))
    } else {
      throw OptionError("--nodes needs the time of a step: --measure, --step-seconds 2.5 or --flops-rate 3TF")
    }

    let smallSum = Self.smallSum(measured, link, hosts: ranks / max(1, localSize), ranksPerNode)
    facts.append(
      (
        "small sums",
        "\(plan.phases.reduce(0) { $0 + $1.updates * $1.smallSums.count } + 1) a step, \(Text.seconds(smallSum)) each beside the link (\(origin(false, measured != nil && ranks > 1)))"
      ))
    var model = ScalingModel(
      phases: plan.phases, plan: options.plan, compute: compute, link: link ?? Link(latency: 0, bandwidth: .infinity),
      memoryBandwidth: memory,
      ranksPerNode: ranksPerNode, smallSumSeconds: smallSum)
    model.overlap = flags.overlap ?? 1
    model.hasSpareCore = flags.spareCore ?? (measured == nil || leavesCore)
    facts.append(
      (
        "overlap",
        "\(Int((100 * model.overlap).rounded())) % of the backward pass hides sums between nodes"
          + (model.hasSpareCore ? "; a core is left for them" : "; no core is left for them, so their additions show")
      ))
    self.model = model
    self.facts = facts
  }

  /// The numbers of nodes: those asked for, or powers of two and what was measured on, at most eight.
  func nodes(_ asked: [Int]?, hosts: Int) -> [Int] {
    if let asked { return asked }
    let most = model.link.bandwidth.isFinite ? max(1, model.mostNodes) : 1
    let doubling = (0..<8).map { 1 << $0 }
    return Set(doubling + [hosts]).filter { $0 <= most }.sorted()
  }

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

  /// What a small sum takes beside its messages.
  private static func smallSum(_ measured: CommunicationMeasurement?, _ link: Link?, hosts: Int, _ ranksPerNode: Int) -> Double {
    guard let measured, measured.smallSumSeconds > 0 else { return ranksPerNode > 1 ? assumedSmallSum : 0 }
    let rounds = hosts > 1 ? log2(Double(hosts)).rounded(.up) : 0
    let messages = measured.link.map { rounds * $0.seconds(Double(4 * CommunicationMeasurement.smallSumCount)) } ?? 0
    return max(0, measured.smallSumSeconds - messages)
  }

  /// Bytes that updates move: Adam reads parameter, gradient and both moments and writes three of them; an average reads two, writes one.
  private static func updateBytes(_ plan: Plan) -> Double {
    plan.phases.reduce(0) { $0 + Double($1.updates * $1.gradientBytes) * 10 }
  }
}
