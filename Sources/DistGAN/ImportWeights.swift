import Adversarial
import ArgumentParser
import Datasets
import Foundation
import Kernels
import Layers
import Optimization
import Training
import Weights
import Zoo

/// The verb `import-weights`: a run that begins with the weights of a file.
struct ImportWeights: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import-weights", abstract: "Makes a run of the weights in a safetensors or PyTorch file.",
    usage: "dist-gan import-weights <file> --into <dir> [<options>]",
    discussion: """
      FILE is a safetensors file of export, one of another program with our names (then --model, --images and --layout say what it is), or \
      a generator of ajbrock/BigGAN-PyTorch as torch.save writes it (G_ema.pth), whose options are read off its shapes. Nothing in a file \
      is ever executed: of a pickle only tensors in dictionaries are read.

      The new directory holds a checkpoint of step 0: sample --from DIR draws from it; made with --data, train --resume DIR trains it on. \
      Networks that the file has not are drawn from the seed. Weights and their averages both begin with the file's numbers. Options of \
      the model can be set beside these, as --name value, after the file.

        dist-gan import-weights G_ema.pth --into runs/biggan-imagenet
        dist-gan sample --from runs/biggan-imagenet --classes 207 --truncation 0.5
      """)

  @Argument(
    help: ArgumentHelp("A .safetensors or .pth file.", valueName: "file"), completion: .file(extensions: ["safetensors", "pth", "pt"]))
  var file: String

  @Option(help: ArgumentHelp("The new run's directory.", valueName: "dir"), completion: .directory)
  var into: String

  @Option(help: ArgumentHelp("Images to train on later: an HDF5 file or an embedded set.", valueName: "file|set"), completion: .data)
  var data: String?

  @Option(help: ArgumentHelp("Name of the model (default: what the file says).", valueName: "name"), completion: .model)
  var model: String?

  @Option(help: ArgumentHelp("Preset of the model (default: what the file says).", valueName: "name"), completion: .preset)
  var preset: String?

  @Option(help: ArgumentHelp("Size of the images (default: what the file says).", valueName: "HxWxC"))
  var images: String?

  @Option(help: ArgumentHelp("Number of classes; 0: none (default: what the file says).", valueName: "count"))
  var classes: Int?

  @Option(
    help: ArgumentHelp("How the arrays lie: own or pytorch (default: what the file says, else own).", valueName: "layout"),
    completion: .words(ArrayLayout.self), transform: ArrayLayout.init(word:))
  var layout: ArrayLayout?

  @Option(help: ArgumentHelp("Seed of the run.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Images in the run's global batch (default: the preset's).", valueName: "count"))
  var batch: Int?

  @Argument(parsing: .allUnrecognized, help: ArgumentHelp("Options of the model.", valueName: "--name value"), completion: .modelOptions)
  var modelOptions: [String] = []

  func run() throws {
    try OutputChoice.mustBeFree(into)
    let (arrays, description) = try read()
    var model = try configured(description)
    try ModelArguments(modelOptions).apply(to: &model)
    let source = try data.map(DataArgument.open)
    let format = try format(description, source)
    ConvolutionAlgorithm.current = .winograd
    ConvolutionPrecision.current = .fp32
    let recipe = try model.build(format)
    let fitted = try recipe.networks.map { try $0.fitted(arrays, layout: layout ?? description.layout, path: file) }
    let loaded = zip(recipe.networks, fitted).filter { $0.1 != nil }.map(\.0.store.name)
    guard !loaded.isEmpty else {
      let names = recipe.networks.map { "\($0.store.name)." }.joined(separator: ", ")
      throw WeightError(
        .mismatch, "\(file): no array belongs to the model \(model.card.name); names begin with \(names), as \(arrays[0].name) does not")
    }
    for (network, arrays) in zip(recipe.networks, fitted) {
      network.store.allocate(seed: seed)
      if let arrays { network.take(arrays) }
    }
    let path = try write(recipe, model, format, source, classNames: source?.classNames ?? description.classNames)
    print(
      "\(path): \(model.card.name) of \(format.width)x\(format.height)x\(format.channels), \(loaded.joined(separator: ", ")) of \(file)")
    let drawn = recipe.networks.map(\.store.name).filter { !loaded.contains($0) }
    if !drawn.isEmpty { print("drawn anew from seed \(seed): \(drawn.joined(separator: ", "))") }
    if data == nil { print("for sampling only: made without --data, it cannot be trained on") }
  }

  /// The arrays of the file by our names, and what it says about itself.
  private func read() throws -> ([WeightArray], WeightDescription) {
    if try Safetensors.isMeant(by: file) {
      let content = try Safetensors(contentsOf: file)
      guard !content.arrays.isEmpty else { throw WeightError(.unreadable, "\(file): it holds no arrays") }
      if let description = try WeightDescription(content.metadata, path: file) { return (content.arrays, description) }
      guard let model else { throw OptionError("\(file) does not say which model it is of; give --model and --images") }
      return (content.arrays, WeightDescription(model: model))
    }
    let arrays = try TorchFile(contentsOf: file).arrays
    guard BigGANPyTorch.matches(arrays) else {
      throw WeightError(
        .mismatch,
        "\(file): \(arrays.count) tensors, but not those of a generator of BigGAN-PyTorch: no linear.weight and blocks.0.0.conv1.weight")
    }
    let generator = try BigGANPyTorch(arrays, path: file)
    let format = DataFormat(height: generator.size, width: generator.size, channels: 3, classes: generator.classes)
    return (generator.arrays, WeightDescription(model: "biggan", preset: "imagenet128", options: generator.options, format: format))
  }

  /// The model with the file's options.
  private func configured(_ description: WeightDescription) throws -> any ConfiguredModel {
    if let model, model != description.model {
      _ = try zoo.entry(model)
      throw RunError(.mismatch, "\(file) holds weights of the model \(description.model), not of \(model)")
    }
    do {
      var model = try zoo.entry(description.model).configured(preset: preset ?? description.preset)
      for option in description.options { try model.set(option.name, to: option.value) }
      return model
    } catch let error as OptionError where model == nil && preset == nil {
      throw RunError(.mismatch, "\(file): this program does not know the file's model or options: \(error.description)")
    }
  }

  private func format(_ description: WeightDescription, _ source: (any ImageSource)?) throws -> DataFormat {
    if let classes, !(0...1_000_000).contains(classes) { throw OptionError("--classes \(classes): 0 to 1000000 are needed") }
    let stated = classes.map { $0 == 0 ? nil : $0 } ?? description.format?.classes
    var format = try images.map { try DataFormat(text: $0, classes: stated) } ?? description.format
    if let known = format { format = DataFormat(height: known.height, width: known.width, channels: known.channels, classes: stated) }
    guard let source else {
      guard let format else { throw OptionError("\(file) does not say how large its images are; give --images (and --classes)") }
      return format
    }
    let own = DataFormat(source, usingClasses: classes.map { $0 > 0 } ?? (description.format == nil || stated != nil))
    if let format, format != own {
      func words(_ format: DataFormat) -> String {
        "\(format.height)x\(format.width)x\(format.channels) with \(format.classes.map { "\($0) classes" } ?? "no classes")"
      }
      throw RunError(.mismatch, "\(file) is of images \(words(format)), but those of \(source.name) are \(words(own))")
    }
    return own
  }

  /// Writes the checkpoint of step 0.
  private func write(
    _ recipe: any Recipe, _ model: any ConfiguredModel, _ format: DataFormat, _ source: (any ImageSource)?, classNames: [String]
  ) throws -> String {
    var options = RunOptions(model.run)
    options.seed = seed
    options.batch = batch ?? options.batch
    options.shards = min(8, options.batch)
    options.flips = format.channels > 1
    options.usesClasses = format.classes != nil || source?.labels == nil
    try options.validate(ranks: 1)
    let identity = source.map { options.identity(of: model, $0) } ?? options.identity(of: model, data: RunOptions.noData, fingerprint: 0)
    let header = CheckpointHeader(
      beginning: recipe, identity: identity, steps: options.steps, format: format, classNames: format.classes == nil ? [] : classNames)
    let checkpoints = CheckpointDirectory(output: into)
    do {
      try checkpoints.prepare()
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? POSIXError
      let words = cause.map { unsafe String(cString: strerror($0.code.rawValue)) } ?? error.localizedDescription
      throw RunError(.cannotCreate, "cannot create the directory \(into): \(words)")
    }
    let path = checkpoints.file(step: 0)
    try Checkpoint.write(header, recipe, to: path)
    return path
  }
}
