import Adversarial
import ArgumentParser
import Communication
import Datasets
import Foundation
import Kernels
import Training

/// The verb `classify`: how well a model that has learned classes tells them.
struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify", abstract: "Says how many images of a set a trained critic classifies right.",
    usage: "dist-gan classify --from <dir|file> --data <file|set>",
    discussion: """
      For models whose critic has learned classes: acgan, semigan. Weights are the averages, where the critic has some. Images that it was \
      trained on say little; give a set of others.

        dist-gan classify --from RUN --data digits-test.h5
      """)

  @Option(help: ArgumentHelp("A checkpoint or a run's directory.", valueName: "dir|file"), completion: .checkpoint)
  var from: String

  @Option(help: ArgumentHelp("An HDF5 file with imgs and labels, or an embedded set.", valueName: "file|set"), completion: .data)
  var data: String

  func run() throws {
    let stored = try StoredRun(CheckpointDirectory.candidates(from)) { Ending(code: 1, message: "warning: \($0)").print() }
    let share = Cores.claim(localRank: 0, localSize: 1)
    Workers.start(threads: share.threads)
    guard let model = try stored.recipe() as? any Classifying else {
      throw RunError(.mismatch, "\(stored.path): the model \(stored.model.card.name) has not learned to classify; acgan and semigan have")
    }
    let source = try DataArgument.open(data)
    let tallies = try Classifier(model, format: stored.format).tallies(source)
    let (count, right) = (tallies.reduce(0) { $0 + $1.count }, tallies.reduce(0) { $0 + $1.right })
    print(Self.line("all", right, count, width: 12))
    let names = tallies.indices.map { stored.header.classNames.indices.contains($0) ? stored.header.classNames[$0] : "\($0)" }
    let width = max(12, names.map(\.count).max() ?? 0)
    for (name, tally) in zip(names, tallies) where tally.count > 0 { print(Self.line(name, tally.right, tally.count, width: width)) }
  }

  private static func line(_ name: String, _ right: Int, _ count: Int, width: Int) -> String {
    Text.left(name, width) + String(format: "  %.4f  %d of %d", Double(right) / Double(max(count, 1)), right, count)
  }
}
