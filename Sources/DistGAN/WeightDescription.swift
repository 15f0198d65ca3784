import Adversarial
import ArgumentParser
import Layers
import Optimization
import Training
import Weights
import Zoo

extension ArrayLayout {
  /// Reads a word of the command line.
  /// - Throws: `ValidationError` that lists the known ones.
  init(word: String) throws {
    guard let layout = ArrayLayout(rawValue: word) else {
      throw ValidationError("\(word): known ones are \(ArrayLayout.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self = layout
  }
}

/// What a file of weights says about itself: the metadata of what `export` writes.
struct WeightDescription {
  /// Name of the model and of its preset.
  var model: String
  var preset: String?
  /// Options of the model.
  var options: [(name: String, value: String)] = []
  /// Size of the images and number of classes; nil when the file does not say.
  var format: DataFormat?
  /// Names of the classes, or none.
  var classNames: [String] = []
  /// How the arrays lie.
  var layout = ArrayLayout.own
  /// Where the numbers come from, for people.
  private var origin: [String: String] = [:]

  /// Model options have this before their names.
  private static let optionPrefix = "option."

  /// A description of these facts.
  init(model: String, preset: String? = nil, options: [(name: String, value: String)] = [], format: DataFormat? = nil) {
    self.model = model
    self.preset = preset
    self.options = options
    self.format = format
  }

  /// The description of a checkpoint.
  init(_ run: StoredRun, layout: ArrayLayout, numbers: String) {
    self.init(
      model: run.model.card.name, preset: run.model.preset, options: run.model.options.map { ($0.name, $0.value) }, format: run.format)
    classNames = run.header.classNames
    self.layout = layout
    origin = [
      "producer": "dist-gan \(DistGAN.version)", "step": "\(run.header.step)", "numbers": numbers,
      "parameters": run.header.parameterHash,
    ]
  }

  /// What a file's metadata says; nil when it is not of `export`.
  /// - Throws: `WeightError` when it says something that cannot be.
  init?(_ metadata: [String: String], path: String) throws {
    guard let model = metadata["model"] else { return nil }
    let options = metadata.filter { $0.key.hasPrefix(Self.optionPrefix) }.sorted { $0.key < $1.key }
      .map { (name: String($0.key.dropFirst(Self.optionPrefix.count)), value: $0.value) }
    self.init(model: model, preset: metadata["preset"], options: options)
    if let text = metadata["images"] {
      let classes = metadata["classes"].flatMap { Int($0) } ?? 0
      guard let format = try? DataFormat(text: text, classes: classes == 0 ? nil : classes), (0...1_000_000).contains(classes) else {
        throw WeightError(.unreadable, "\(path): its metadata gives the size of the images as \(text.prefix(80)), as 32x32x3 is needed")
      }
      self.format = format
      classNames = metadata["classNames"].map { $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) } ?? []
      if !classNames.isEmpty && classNames.count != classes {
        throw WeightError(.unreadable, "\(path): its metadata gives \(classNames.count) names to \(classes) classes")
      }
    }
    if let word = metadata["layout"] {
      guard let layout = ArrayLayout(rawValue: word) else {
        throw WeightError(.unreadable, "\(path): its metadata names the layout \(word.prefix(80)); own and pytorch are known")
      }
      self.layout = layout
    }
  }

  /// As a file's metadata.
  var metadata: [String: String] {
    var result = origin
    result["model"] = model
    result["preset"] = preset
    for option in options { result[Self.optionPrefix + option.name] = option.value }
    if let format {
      result["images"] = "\(format.height)x\(format.width)x\(format.channels)"
      result["classes"] = "\(format.classes ?? 0)"
    }
    if !classNames.isEmpty { result["classNames"] = classNames.joined(separator: "\n") }
    result["layout"] = layout.rawValue
    return result
  }
}
