import Adversarial
import ArgumentParser
import Layers
import Optimization
import Training

/// The verb `inspect`: what a checkpoint holds, after reading all of it.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Shows a checkpoint, or the newest one of a run, after checking all its numbers.",
    discussion: """
        dist-gan inspect RUN
        dist-gan inspect RUN/checkpoints/step-1000.h5
      """)

  @Argument(help: ArgumentHelp("A checkpoint or a run's directory.", valueName: "dir|file"), completion: .checkpoint)
  var path: String

  func run() throws {
    let candidates = try CheckpointDirectory.candidates(path)
    let run = try StoredRun(candidates) { print("warning      \($0)") }
    let recipe = try run.recipe()
    let header = run.header
    print("checkpoint   \(run.path)")
    print("step         \(header.step) of \(header.steps), \(header.position) images drawn")
    for network in recipe.networks {
      let store = network.store
      let averaged = network.average == nil ? "" : ", averaged"
      print(
        "network      \(store.name): \(store.parameterCount) parameters in \(store.parameters.count) arrays, "
          + "\(network.optimizer.updateCount) updates\(averaged)")
    }
    print("parameters   \(header.parameterHash)")
    let format = header.format
    print("images       \(format[1]) x \(format[0]) x \(format[2]), \(format[3] == 0 ? "no classes" : "\(format[3]) classes")")
    if !header.classNames.isEmpty { print("classes      \(header.classNames.joined(separator: ", "))") }
    for value in header.environment { print("machine      \(value.name) \(value.value)") }
    print("\nOptions:")
    let width = header.identity.map(\.name.count).max() ?? 0
    for value in header.identity { print("  \(Text.left(value.name, width))  \(value.value)") }
    if candidates.count > 1 { print("\nOlder checkpoints: \(candidates.dropFirst().joined(separator: ", "))") }
  }
}
