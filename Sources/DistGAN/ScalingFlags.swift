import Adversarial
import ArgumentParser
import Communication
import Training

/// The options of `plan` about machines that need not be there.
struct ScalingFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Numbers of nodes to plan for, with commas between (with --measure: 1, 2, 4 …).", valueName: "8,16"))
  var nodes: String?

  @Option(help: ArgumentHelp("Ranks of a node (default: as measured, or 1).", valueName: "count"))
  var ranksPerNode: Int?

  @Option(help: ArgumentHelp("What a node sends, and at the same time receives, as 10Gbit or 1.25GB/s.", valueName: "rate"))
  var bandwidth: String?

  @Option(help: ArgumentHelp("Time of an empty message between nodes, as 30us.", valueName: "time"))
  var latency: String?

  @Option(
    help: ArgumentHelp("What all ranks of a node read and write together (default: as measured, or 100GB/s).", valueName: "rate"))
  var memoryBandwidth: String?

  @Option(help: ArgumentHelp("Compute time of a step over the whole batch on one node.", valueName: "seconds"))
  var stepSeconds: Double?

  @Option(help: ArgumentHelp("Sustained arithmetic of a node, as 3TF.", valueName: "rate"))
  var flopsRate: String?

  @Option(help: ArgumentHelp("Share of the passes that reductions run beside, 0 to 1 (default: 1).", valueName: "share"))
  var overlap: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "Whether a core of each node is left for reductions (default: with --measure as the threads leave one, otherwise yes).")
  var spareCore: Bool?

  @Flag(help: "Measure link, memory and steps with the ranks that are started.")
  var measure = false

  @Option(help: ArgumentHelp("Plan for images of this size instead of a data set.", valueName: "HxWxC"))
  var images: String?

  @Option(help: ArgumentHelp("Classes of --images (default: none).", valueName: "count"))
  var classes: Int?

  /// Whether a table is wanted.
  var wantsTable: Bool { nodes != nil || measure }

  /// The options as numbers.
  func values() throws -> ScalingValues {
    let counts = try nodes?.split(separator: ",", omittingEmptySubsequences: false).map { word -> Int in
      guard let count = Int(word), count >= 1 else { throw OptionError("--nodes \(nodes ?? ""): numbers from 1 are needed, as 8,16,32") }
      return count
    }
    for (name, value) in [("ranks-per-node", ranksPerNode), ("classes", classes)] {
      if let value, value < 1 { throw OptionError("--\(name) \(value): at least 1 is needed") }
    }
    if let stepSeconds, !(stepSeconds > 0 && stepSeconds.isFinite) {
      throw OptionError("--step-seconds \(stepSeconds): more than 0 is needed")
    }
    if let overlap, !(0...1).contains(overlap) { throw OptionError("--overlap \(overlap): a share from 0 to 1 is needed") }
    if stepSeconds != nil && flopsRate != nil { throw OptionError("--step-seconds and --flops-rate exclude each other") }
    if measure && images != nil {
      throw OptionError("--measure trains on real images: leave --images out, or give --step-seconds or --flops-rate instead")
    }
    if classes != nil && images == nil { throw OptionError("--classes belongs to --images; a data set has classes of its own") }
    return ScalingValues(
      nodes: counts, bandwidth: try bandwidth.map { try Quantity.bandwidth.value($0, option: "bandwidth") },
      latency: try latency.map { try Quantity.duration.value($0, option: "latency") },
      memoryBandwidth: try memoryBandwidth.map { try Quantity.bandwidth.value($0, option: "memory-bandwidth") },
      flopsRate: try flopsRate.map { try Quantity.operations.value($0, option: "flops-rate") },
      format: try images.map { try DataFormat(text: $0, classes: classes) })
  }
}

/// The numbers of `ScalingFlags`; nil where nothing was given.
struct ScalingValues {
  var nodes: [Int]?
  var bandwidth: Double?
  var latency: Double?
  var memoryBandwidth: Double?
  var flopsRate: Double?
  var format: DataFormat?
}
