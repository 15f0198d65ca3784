import Adversarial
import ArgumentParser
import Kernels
import Training

/// The verb `toy`: losses on points, where one sees in seconds what they do.
struct ToyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "toy", abstract: "Plays losses on points of the plane or the line, in seconds each.",
    discussion: """
        dist-gan toy --loss hinge --output hinge.png
        dist-gan toy grid --loss wasserstein --critic-steps 5
        dist-gan toy --all
        dist-gan toy univariate
      """,
    subcommands: [Plane.self, Univariate.self], defaultSubcommand: Plane.self)

  /// What both kinds of game take.
  struct Flags: ParsableArguments {
    @Option(help: ArgumentHelp("Steps.", valueName: "count"))
    var steps: Int?

    @Option(help: ArgumentHelp("Points for each loss.", valueName: "count"))
    var batch: Int?

    @Option(help: ArgumentHelp("Seed of everything random.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Step size.", valueName: "number"))
    var lr: String?

    @Option(
      help: ArgumentHelp(
        "What updates the networks, as NAME[:option=value,…]; can be repeated (default: Adam with beta1 0.5).", valueName: "optimizer"),
      completion: .optimizers)
    var optimizer: [String] = []

    @Option(help: ArgumentHelp("Critic updates in a step: a number, or wasserstein.", valueName: "count"))
    var criticSteps: String?

    @Option(help: ArgumentHelp("Threads; bits do not depend on it (default: the cores).", valueName: "count"))
    var threads: Int?

    /// Steps and points, from here or the model's own; starts the threads.
    /// - Throws: `OptionError` for numbers out of range.
    func numbers(_ model: any ConfiguredModel) throws -> RunDefaults {
      let numbers = RunDefaults(batch: batch ?? model.run.batch, steps: steps ?? model.run.steps)
      guard numbers.steps > 0 else { throw OptionError("--steps \(numbers.steps): at least 1 is needed") }
      guard (2...1_000_000).contains(numbers.batch) else { throw OptionError("--batch \(numbers.batch): 2 to 1000000 points are needed") }
      if let threads {
        guard (1...1024).contains(threads) else { throw OptionError("--threads \(threads): 1 to 1024 are needed") }
        Workers.start(threads: threads)
      }
      return numbers
    }

    /// Sets what was given of the model's options.
    func apply(to model: inout any ConfiguredModel) throws {
      if let lr { try model.set("lr", to: lr) }
      if !optimizer.isEmpty { try model.set("optimizer", to: optimizer.joined(separator: " ")) }
      if let criticSteps { try model.set("critic-steps", to: criticSteps) }
    }
  }
}
