import Adversarial
import Communication
import Datasets
import Foundation
import Kernels
import Tensors
import Training

/// One run on one rank, from flags to the last line. Until the first step all ranks fail together, but where they meet to share memory;
/// there, and later, each fails on its own and ends all.
struct TrainingSession {
  private let communicator: any Communicator
  private var trainer: Trainer?

  init(_ communicator: any Communicator) { self.communicator = communicator }

  private var isFirst: Bool { communicator.rank == 0 }

  /// Trains.
  /// - Throws: `SharedFailure` when all ranks know of it; any other error is this rank's own.
  mutating func run(_ flags: RunFlags, _ modelArguments: [String]) throws -> Ending {
    var run = try communicator.together {
      let run = try RunConfiguration(flags, modelArguments: modelArguments)
      try run.options.validate(ranks: communicator.size)
      if flags.debug && communicator.size > 1 {
        throw RunError(.usage, "--debug: one process is needed, \(communicator.size) ranks were started; leave mpirun out")
      }
      return run
    }
    let share = Cores.claim(localRank: communicator.localRank, localSize: communicator.localSize)
    let threads = flags.threads ?? share.threads
    Workers.start(threads: threads)
    try communicator.agree(on: run)
    run.options.setConvolutions()
    run.options = run.options.cut(ranks: communicator.size, threads: Int(try communicator.first { "\(threads)" }) ?? threads)
    let plan = try communicator.together {
      try Plan(
        run.model, options: run.options, data: DataFormat(run.source, usingClasses: run.options.usesClasses), ranks: communicator.size)
    }
    func header(from step: Int) -> RunHeader {
      var header = RunHeader(run, from: step)
      header.add(data: run.source, isConditional: run.options.usesClasses)
      header.add(ranks: communicator, threads: threads, note: share.note)
      header.add(plan: plan)
      header.add(reduction: run.options, ranks: communicator.size)
      for warning in run.warnings { header.add(warning: warning) }
      return header
    }

    let output = try communicator.first { try Self.output(run) }
    // Held until the end: the lock goes with it.
    let directory = try communicator.together { isFirst ? try RunDirectory(output) : nil }
    let prepared = try communicator.together {
      try PreparedRun(run.model, options: run.options, source: run.source, ranks: communicator.size)
    }
    // Ranks meet in here, so a failure is a rank's own.
    let trainer = try Trainer(prepared, communicator: communicator)
    self.trainer = trainer
    let warnings = try restore(trainer, run, directory)
    let progress = flags.quiet || !isFirst ? nil : ProgressReporter()
    let console = try communicator.together {
      isFirst
        ? try RunConsole(
          directory: output, host: communicator.hostName, source: run.source, after: trainer.step, logEvery: run.logEvery,
          progress: progress) : nil
    }
    if let console {
      var header = header(from: trainer.step)
      for warning in warnings + trainer.notes { header.add(warning: warning) }
      header.add(output: output)
      console.begin(header, after: trainer.step)
    }
    defer { withExtendedLifetime(directory) {} }
    return try train(trainer, flags, console, progress, output)
  }

  private func train(
    _ trainer: Trainer, _ flags: RunFlags, _ console: RunConsole?, _ progress: ProgressReporter?, _ output: String
  ) throws -> Ending {
    let (start, first) = (ContinuousClock.now, trainer.step)
    let checkpoints = CheckpointDirectory(output: output)
    let observer: any RunObserver = console ?? SilentObserver()
    let profile = Profile()
    func steps() throws -> Trainer.Outcome { try trainer.train(checkpoints: checkpoints, observer: observer) }
    let outcome: Trainer.Outcome
    do {
      outcome = flags.profile ? try profile.profiling(steps) : try steps()
    } catch {
      console?.finish()
      throw error
    }
    guard let console else { return Ending(code: outcome == .finished ? 0 : ExitCode.preempted.rawValue, message: "") }
    console.finish()
    let seconds = start.duration(to: .now) / .seconds(1)
    let hash = hashText(trainer.recipe.parameterHash())
    let times = trainer.communicationTimes
    console.write(
      "end",
      [
        ("outcome", .text(outcome == .finished ? "finished" : "preempted")), ("step", .integer(trainer.step)),
        ("seconds", .number(seconds)),
        ("communicationExposed", .number(times.exposed)), ("communicationIdle", .number(times.idle)),
        ("communicationCarried", .number(times.carried)),
        ("parameters", .text(hash)),
      ])
    if flags.profile {
      progress?.note(Self.table(profile))
      let memory = StoragePool.shared.statistics
      progress?.note(
        "memory       tensors held \(Text.bytes(memory.peakBytes)) at most, in \(Text.bytes(memory.residentBytes)) asked of the system")
    }
    let duration = ProgressReporter.Line.duration(seconds)
    progress?.note(
      outcome == .finished
        ? "finished     \(trainer.step - first) steps in \(duration)"
        : "stopped      by a signal at step \(trainer.step), after \(duration); go on with --resume \(output)")
    if communicator.size > 1 {
      progress?.note(
        String(
          format: "gradients    %.1f s on their way between ranks, %.1f s of them waited for, beside %.1f s for slower ranks of the host",
          times.carried, times.exposed, times.idle))
    }
    progress?.note("parameters   \(hash)")
    if let path = console.samples { progress?.note("samples      \(path)") }
    if let path = console.checkpoint { progress?.note("checkpoint   \(path)") }
    return Ending(code: outcome == .finished ? 0 : ExitCode.preempted.rawValue, message: "")
  }

  /// Prints what befell this rank and ends the job, so that no other rank waits for it.
  func abort(_ error: any Error) -> Never {
    let ending = Ending(error)
    // What follows from sums over all ranks is found by all at the same step: one of them says it.
    let isCommon = [ExitCode.replicasDiffer.rawValue, ExitCode.notANumber.rawValue].contains(ending.code)
    if isCommon && !isFirst { Thread.sleep(forTimeInterval: 2) }
    if communicator.size == 1 || isCommon && isFirst {
      ending.print()
    } else if !isCommon {
      let step = trainer.map { " at step \($0.step)" } ?? ""
      Ending(code: ending.code, message: "rank \(communicator.rank) on host \(communicator.hostName)\(step): \(ending.message)").print()
    }
    communicator.abort(ending.code)
  }

  /// Loads the newest checkpoint that all ranks can read.
  /// - Returns: warnings.
  private func restore(_ trainer: Trainer, _ run: RunConfiguration, _ directory: RunDirectory?) throws -> [String] {
    guard !run.candidates.isEmpty else { return [] }
    var warnings: [String] = []
    for (index, path) in run.candidates.enumerated() {
      do {
        try communicator.together { try trainer.restore(from: path) }
      } catch let failure as SharedFailure where failure.ending.code == ExitCode.noInput.rawValue && index + 1 < run.candidates.count {
        warnings.append("\(failure.ending.message); the checkpoint before it is taken")
        continue
      }
      let environment = try communicator.together { try Checkpoint.header(at: path).environment }
      if environment != Machine.description {
        let before = environment.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
        warnings.append("\(path) was made with \(before): from here on the bits may differ from those of an unbroken run there")
      }
      if let output = directory?.path, run.candidates.count > 1 { CheckpointDirectory(output: output).removeNewer(than: trainer.step) }
      return warnings
    }
    return warnings
  }

  /// The output directory.
  private static func output(_ run: RunConfiguration) throws -> String {
    guard let output = run.output else {
      return OutputChoice.fresh(model: run.model.card.name, preset: run.model.preset, data: run.source.name)
    }
    guard let checkpoint = run.candidates.first else {
      try OutputChoice.mustBeFree(output)
      return output
    }
    // A branch from an older checkpoint would overwrite what came after it.
    let newest = (try? CheckpointDirectory.candidates(output))?.first
    let (own, other) = (URL(fileURLWithPath: checkpoint).standardized, newest.map { URL(fileURLWithPath: $0).standardized })
    if let other, let newest, own != other {
      throw RunError(
        .cannotCreate, "\(output): it holds newer or other checkpoints (\(newest)); resume the directory, or begin a branch with --output")
    }
    return output
  }

  /// Seconds by kind of operation.
  private static func table(_ profile: Profile) -> String {
    let total = profile.entries.map(\.seconds).reduce(0, +)
    let width = profile.entries.map(\.name.count).max() ?? 0
    return profile.entries.map { entry in
      let share = total > 0 ? 100 * entry.seconds / total : 0
      return Text.left(entry.name, width) + String(format: "  %9.3f s  %5.1f %%  %8d calls", entry.seconds, share, entry.calls)
    }.joined(separator: "\n")
  }
}
