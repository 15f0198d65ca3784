import Adversarial
import ArgumentParser
import Foundation
import Layers
import Optimization
import Training
import Weights

/// The verb `export`: weights of a run for other programs.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes the weights of a checkpoint as a safetensors file.",
    usage: "dist-gan export <dir|file> [<options>]",
    discussion: """
      Names are the dotted paths, as generator.blocks.2.conv1.weight. Beside the parameters there are the buffers that a forward pass \
      needs: mean and variance of batch norm, u and v of spectral norm. All numbers are F32. The file's metadata names model, preset, \
      options, size of the images and classes, so that import-weights can build the model again.

      Layouts. own: kernels [height, width, inputs, outputs] (of transposed convolutions [height, width, outputs, inputs]), matrices \
      [inputs, outputs], tables [classes, width]. pytorch: kernels [outputs, inputs, height, width] (transposed ones [inputs, outputs, \
      height, width]), matrices [outputs, inputs], tables the same; v follows its kernel. In both the first dense layer of a generator \
      gives its 4x4 image pixel by pixel, [4, 4, channels].

        dist-gan export RUN --network generator --output generator.safetensors
        dist-gan export RUN --raw --layout pytorch
      """)

  /// Which numbers are meant.
  enum Source: EnumerableFlag {
    case average
    case raw

    static func help(for value: Source) -> ArgumentHelp? {
      value == .average ? "Averages, for networks that have them." : "The numbers that are trained."
    }
  }

  @Argument(help: ArgumentHelp("A checkpoint or a run's directory.", valueName: "dir|file"), completion: .checkpoint)
  var path: String

  @Option(help: ArgumentHelp("The new file.", valueName: "file"), completion: .file(extensions: ["safetensors"]))
  var output = "weights.safetensors"

  @Flag(exclusivity: .exclusive)
  var source = Source.average

  @Option(help: ArgumentHelp("One network only (default: all).", valueName: "name"))
  var network: String?

  @Option(
    help: ArgumentHelp("How arrays lie: own (default) or pytorch.", valueName: "layout"), completion: .words(ArrayLayout.self),
    transform: ArrayLayout.init(word:))
  var layout = ArrayLayout.own

  func validate() throws {
    if !output.hasSuffix(".safetensors") {
      throw ValidationError("--output \(output): a name that ends with .safetensors is needed")
    }
  }

  func run() throws {
    let stored = try StoredRun(CheckpointDirectory.candidates(path)) { Ending(code: 1, message: "warning: \($0)").print() }
    let recipe = try stored.recipe()
    let names = recipe.networks.map(\.store.name)
    if let network, !names.contains(network) {
      throw OptionError("unknown network \(network) of \(stored.model.card.name); known ones: \(names.joined(separator: ", "))")
    }
    let chosen = recipe.networks.filter { network == nil || $0.store.name == network }
    let arrays = chosen.flatMap { $0.weights(averaged: source == .average, layout: layout) }
    let description = WeightDescription(stored, layout: layout, numbers: source == .average ? "average" : "raw")
    try OutputFile.creating(output) { try Safetensors(arrays: arrays, metadata: description.metadata).write(to: output) }
    let count = arrays.reduce(0) { $0 + $1.values.count }
    print(
      "\(output): \(arrays.count) arrays, \(Text.count(count)) numbers, of \(chosen.map(\.store.name).joined(separator: ", ")) of \(stored.path)"
    )
  }
}
