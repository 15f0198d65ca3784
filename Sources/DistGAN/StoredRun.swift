import Adversarial
import Kernels
import Layers
import Training
import Zoo

/// A run as one of its checkpoints describes it.
struct StoredRun {
  /// Path of the checkpoint.
  let path: String
  /// Its attributes.
  let header: CheckpointHeader
  /// The model with the run's options.
  let model: any ConfiguredModel

  /// The first readable one of `candidates`; others are reported to `warn`.
  /// - Throws: `RunError` with exit code 66 when none is readable.
  init(_ candidates: [String], warn: (String) -> Void) throws {
    var failures: [String] = []
    for path in candidates {
      do {
        try self.init(at: path)
        for failure in failures { warn("\(failure); the checkpoint before it is taken") }
        return
      } catch let error as RunError where error.code == .noInput {
        failures.append(error.description)
      }
    }
    throw RunError(.noInput, failures.joined(separator: "; "))
  }

  private init(at path: String) throws {
    self.path = path
    header = try Checkpoint.header(at: path)
    guard let name = header.value("model"), let preset = header.value("preset") else {
      throw RunError(.noInput, "\(path): the checkpoint does not say which model and preset it is of")
    }
    do {
      var model = try zoo.entry(name).configured(preset: preset)
      for option in model.options {
        if let value = header.value(option.name) { try model.set(option.name, to: value) }
      }
      self.model = model
    } catch let error as OptionError {
      throw RunError(.mismatch, "\(path): this program does not know the checkpoint's model or options: \(error.description)")
    }
  }

  /// The format of the images.
  var format: DataFormat {
    DataFormat(
      height: header.format[0], width: header.format[1], channels: header.format[2], classes: header.format[3] == 0 ? nil : header.format[3]
    )
  }

  /// How the run computed convolutions; nil where the checkpoint does not say.
  var convolution: ConvolutionAlgorithm? { header.value("convolution").flatMap(ConvolutionAlgorithm.init(rawValue:)) }
  var precision: ConvolutionPrecision? { header.value("precision").flatMap(ConvolutionPrecision.init(rawValue:)) }

  /// The networks with the numbers of the checkpoint; from here on convolutions are computed as the run did.
  /// - Throws: `RunError` with exit code 66 when they are damaged.
  func recipe() throws -> any Recipe {
    ConvolutionAlgorithm.current = convolution ?? .winograd
    ConvolutionPrecision.current = precision ?? .fp32
    let recipe = try model.build(format)
    for network in recipe.networks { network.store.allocate(seed: 0, drawing: false) }
    try Checkpoint.load(recipe, from: path)
    guard hashText(recipe.parameterHash()) == header.parameterHash else {
      throw RunError(
        .noInput, "\(path): parameters do not have the hash \(header.parameterHash) that was stored with them: the file is damaged")
    }
    return recipe
  }
}
