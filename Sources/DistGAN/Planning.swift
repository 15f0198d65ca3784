import Adversarial
import Communication
import Foundation
import Kernels
import Training

/// One plan, seen from one rank: the header of the run, and the table of steps over nodes.
struct Planning {
  private let communicator: any Communicator

  init(_ communicator: any Communicator) { self.communicator = communicator }

  /// All that is printed.
  /// - Throws: `SharedFailure` when all ranks know of it; any other error is this rank's own.
  func text(_ flags: RunFlags, _ scaling: ScalingFlags, _ modelArguments: [String]) throws -> String {
    let (run, values) = try communicator.together {
      let run = try RunConfiguration(flags, modelArguments: modelArguments)
      let values = try scaling.values()
      try run.options.validate(ranks: communicator.size)
      try Self.validate(scaling, values)
      return (run, values)
    }
    let share = Cores.claim(localRank: communicator.localRank, localSize: communicator.localSize)
    let threads = flags.threads ?? share.threads
    Workers.start(threads: threads)
    run.options.setConvolutions()
    let format = values.format ?? DataFormat(run.source, usingClasses: run.options.usesClasses)
    let plan = try communicator.together { try Plan(run.model, options: run.options, data: format, ranks: communicator.size) }
    var header = RunHeader(run, from: 0)
    if values.format == nil {
      header.add(data: run.source, isConditional: run.options.usesClasses)
    } else {
      let classes = format.classes.map { "\($0) classes" } ?? "no classes"
      header.add("data", "images of \(format.height) x \(format.width), \(format.channels) channels, \(classes)")
    }
    header.add(ranks: communicator, threads: threads, note: share.note)
    header.add(plan: plan)
    for warning in run.warnings { header.add(warning: warning) }
    guard scaling.wantsTable else { return header.text }

    let measurement = scaling.measure ? try CommunicationMeasurement(communicator) : nil
    let steps: StepMeasurement? =
      scaling.measure && scaling.stepSeconds == nil && values.flopsRate == nil
      ? try StepMeasurement(run.model, options: run.options, source: run.source, communicator: communicator) : nil
    return try communicator.together {
      let machine = try PlannedMachine(
        scaling, values, measurement, steps, plan: plan, options: run.options, communicator: communicator,
        leavesCore: Cores.current().available.count > threads * communicator.localSize)
      for (label, text) in machine.facts { header.add(label, text) }
      let table = try ScalingTable(machine.model, nodes: machine.nodes(values.nodes, hosts: communicator.hosts), steps: run.options.steps) {
        try Plan(run.model, options: run.options, data: format, ranks: $0)
      }
      return header.text + "\n\n" + table.text
    }
  }

  /// What must be given for a table.
  private static func validate(_ flags: ScalingFlags, _ values: ScalingValues) throws {
    guard flags.wantsTable, !flags.measure else { return }
    guard flags.stepSeconds != nil || values.flopsRate != nil else {
      throw OptionError("--nodes needs the time of a step: --measure, --step-seconds 2.5 or --flops-rate 3TF")
    }
    guard values.bandwidth != nil && values.latency != nil || values.nodes?.max() == 1 else {
      throw OptionError("--nodes needs the link: --bandwidth 10Gbit and --latency 30us, or --measure under mpirun")
    }
  }
}
