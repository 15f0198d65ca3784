/// The models that can be named, without their types: what the command line and the trainer deal with.
public struct ModelCatalog: Sendable {
  /// All entries, in the order of lists.
  public let entries: [ModelEntry]

  /// A catalogue of these entries.
  public init(_ entries: [ModelEntry]) { self.entries = entries }

  /// The entry of this name.
  /// - Throws: `OptionError` that lists the known names.
  public func entry(_ name: String) throws -> ModelEntry {
    guard let entry = entries.first(where: { $0.card.name == name }) else {
      throw OptionError("unknown model \(name); known ones: \(entries.map(\.card.name).joined(separator: ", "))")
    }
    return entry
  }
}

/// One model of a catalogue.
public struct ModelEntry: Sendable {
  /// What the model is.
  public let card: ModelCard
  /// Names and summaries of its presets, the default one first.
  public let presets: [(name: String, summary: String)]
  private let make: @Sendable (String) -> (any ConfiguredModel)?

  /// The entry of a model.
  public init<M: Model>(_ model: M.Type) {
    card = M.card
    presets = M.Options.presets.map { ($0.name, $0.summary) }
    make = { name in M.Options.presets.first { $0.name == name }.map { Configuration<M>(preset: $0) } }
  }

  /// The model with the options of a preset, nil for the default one.
  /// - Throws: `OptionError` that lists the known presets.
  public func configured(preset: String? = nil) throws -> any ConfiguredModel {
    let name = preset ?? presets[0].name
    guard let model = make(name) else {
      throw OptionError("unknown preset \(name) of \(card.name); known ones: \(presets.map(\.name).joined(separator: ", "))")
    }
    return model
  }
}

/// A model with its options, ready to be built.
public protocol ConfiguredModel {
  /// What the model is.
  var card: ModelCard { get }
  /// Name of the preset the options began as.
  var preset: String { get }
  /// Batch and steps of the preset.
  var run: RunDefaults { get }
  /// Names, values and help texts of all options, in order.
  var options: [(name: String, value: String, help: String)] { get }
  /// Names of the options that can be given several times, whose values then make a list with spaces between.
  var lists: Set<String> { get }
  /// The words that an option can have or begin with, for shells to offer; none when it takes a number or is not known.
  func words(of name: String) -> [String]
  /// Sets an option from text; throws `OptionError`.
  mutating func set(_ name: String, to text: String) throws
  /// Scales the learning rates.
  mutating func scaleLearningRates(by factor: Float)
  /// Builds the networks, not yet allocated; throws `ModelError`, and `OptionError` for an objective that does not fit them.
  func build(_ data: DataFormat) throws -> any Recipe
}

private struct Configuration<M: Model>: ConfiguredModel {
  var card: ModelCard { M.card }
  let preset: String
  let run: RunDefaults
  var values: M.Options

  init(preset: Preset<M.Options>) {
    self.preset = preset.name
    run = preset.run
    values = preset.options
  }

  var options: [(name: String, value: String, help: String)] { values.settings }
  var lists: Set<String> { Set(M.Options.allFields.filter(\.isList).map(\.name)) }
  func words(of name: String) -> [String] { values.words(of: name) }
  mutating func set(_ name: String, to text: String) throws { try values.set(name, to: text) }
  mutating func scaleLearningRates(by factor: Float) { values.scaleLearningRates(by: factor) }
  func build(_ data: DataFormat) throws -> any Recipe { try M(values, data: data) }
}
