import Adversarial
import ArgumentParser
import Foundation
import Images
import Toy
import Training

extension ToyCommand {
  /// `toy plane`, which is also meant when no verb is given.
  struct Plane: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "plane", abstract: "Trains two perceptrons on points of the plane: modes covered, quality, a picture.",
      usage: "dist-gan toy [plane] [<set>] [<options>]",
      discussion: """
        A mode is covered when a tenth of its share of points lies within three deviations of it; quality is the share of all points that \
        does so for some mode; KL is the divergence of the modes' histogram from the even one, in nats.

        In the picture real points are black, generated ones green; the critic is red where it takes points for real, blue where for \
        generated. --all plays every loss of the catalogue alone and with R1, or with the terms given, and says which cover all modes.

          dist-gan toy plane ring --term r1:gamma=0.1 --steps 500
        """)

    @Argument(help: "ring of 8, grid of 25, or swiss-roll.", completion: .words(PointSet.self))
    var set = "ring"

    @Option(
      help: ArgumentHelp("The game's losses, as NAME[:option=value,…] (default: non-saturating).", valueName: "loss"),
      completion: .losses)
    var loss: String?

    @Option(
      help: ArgumentHelp(
        "What is added to the losses, or none; can be repeated (default: \(PointGANOptions.flatness.text)).", valueName: "term"),
      completion: .terms)
    var term: [String] = []

    @Option(
      help: ArgumentHelp("What the networks are held to, or none; can be repeated.", valueName: "constraint"), completion: .constraints)
    var constraint: [String] = []

    @Option(help: ArgumentHelp("How step sizes go over time (default: linear to 0 over all steps).", valueName: "schedule"))
    var schedule: String?

    @Option(help: ArgumentHelp("Width of the hidden layers.", valueName: "count"))
    var width: String?

    @Option(help: ArgumentHelp("Hidden layers of each network.", valueName: "count"))
    var layers: String?

    @Option(help: ArgumentHelp("Size of z.", valueName: "count"))
    var latent: String?

    @OptionGroup var flags: Flags

    @Flag(help: "Play every loss, and print a table.")
    var all = false

    @Option(help: ArgumentHelp("The picture to write; of all games with --all.", valueName: "png"), completion: .file(extensions: ["png"]))
    var output: String?

    func run() throws {
      guard let points = PointSet(optionText: set) else { throw OptionError("unknown set \(set): \(PointSet.expectation) is needed") }
      if all, let loss { throw OptionError("--all plays every loss; leave out --loss \(loss)") }
      if let output, !output.hasSuffix(".png") { throw OptionError("--output \(output): a name that ends with .png is needed") }
      var model = try configured(for: points)
      let numbers = try flags.numbers(model)
      if schedule == nil { try model.set("schedule", to: "linear:over=\(numbers.steps)") }
      if let output { try OutputFile.claim(output, mustBeNew: false) }
      print("\(points.rawValue): \(points.summary)")
      print("\(numbers.steps) steps of \(numbers.batch) points, seed \(flags.seed)")
      let own = term.isEmpty ? nil : term.joined(separator: " ")
      let sections =
        try all
        ? ToyTable(points, numbers, seed: flags.seed).play(model, own: own, hasOutput: output != nil)
        : playOne(model, points, numbers)
      guard let output else { return }
      try Sheet(columns: all && term.isEmpty ? 2 : 1, sections: sections).picture().writePNG(to: output)
      print(output)
    }

    /// The model of a set, with what was given.
    private func configured(for points: PointSet) throws -> any ConfiguredModel {
      var model = try ModelEntry(PointGAN.self).configured(preset: points.rawValue)
      let texts = [("loss", loss), ("schedule", schedule), ("width", width), ("layers", layers), ("latent", latent)]
      for (name, text) in texts { if let text { try model.set(name, to: text) } }
      if !term.isEmpty { try model.set("term", to: term.joined(separator: " ")) }
      if !constraint.isEmpty { try model.set("constraint", to: constraint.joined(separator: " ")) }
      try flags.apply(to: &model)
      return model
    }

    private func playOne(_ model: any ConfiguredModel, _ points: PointSet, _ numbers: RunDefaults) throws -> [Sheet.Section] {
      let shown = ["loss", "term", "constraint", "schedule", "optimizer", "critic-steps"]
      for (name, value, _) in model.options where shown.contains(name) { print("\(name): \(value)") }
      let game = try ToyTable.game(model, points, numbers, seed: flags.seed)
      let result = game.play(steps: numbers.steps) { step in
        guard step < numbers.steps, step.isMultiple(of: max(1, numbers.steps / 6)) else { return }
        print("step \(Text.right("\(step)", 6))  \(ToyTable.words(game.coverage))")
        fflush(nil)
      }
      if let failure = result.failure {
        throw RunError(
          .notANumber,
          "step \(failure.step): the loss of the \(failure.loss) is not a finite number; lower --lr, or add a --term or --constraint")
      }
      let words = "\(ToyTable.words(result.coverage))"
      print("step \(Text.right("\(numbers.steps)", 6))  \(words)")
      print(String(format: "%.1f s", result.seconds))
      let caption = "\(points.rawValue) \(model.options.first { $0.name == "loss" }?.value ?? ""): \(words)"
      return output == nil ? [] : [Sheet.Section(caption: caption, [game.picture(side: 640)])]
    }
  }
}
