public import Adversarial
public import Datasets
import Foundation
import Kernels

extension RunOptions {
  /// The model with its learning rates scaled for this run's batch.
  public func prepared(_ model: any ConfiguredModel) -> any ConfiguredModel {
    var model = model
    model.scaleLearningRates(by: learningRateFactor(model))
    return model
  }

  /// The factor of the learning rates: 1 when the batch is the preset's.
  public func learningRateFactor(_ model: any ConfiguredModel) -> Float {
    learningRateRule.factor(batch: batch * accumulation, reference: model.run.batch * model.run.accumulation)
  }

  /// Everything the bits depend on, by name: model, data, run and model options.
  public func identity(of model: any ConfiguredModel, _ source: any ImageSource) -> [NamedValue] {
    identity(of: model, data: Self.place(of: source), fingerprint: source.fingerprint)
  }

  /// The same for data that is only named.
  public func identity(of model: any ConfiguredModel, data: String, fingerprint: UInt64) -> [NamedValue] {
    [
      NamedValue("model", model.card.name), NamedValue("preset", model.preset), NamedValue("data", data),
      NamedValue("data fingerprint", hashText(fingerprint)),
    ] + identity + model.options.map { NamedValue($0.name, $0.value) }
  }

  /// Name or path by which the data can be opened again.
  private static func place(of source: any ImageSource) -> String {
    (source as? HDF5Source).map { URL(fileURLWithPath: $0.path).path } ?? source.name
  }

  /// What a checkpoint of a time before an entry was known stands for.
  private static let impliedValues = [
    "convolution": ConvolutionAlgorithm.winograd.rawValue, "precision": ConvolutionPrecision.fp32.rawValue,
  ]

  /// Where two runs differ, as sentences; the name of a data file does not matter, its contents do.
  static func differences(from old: [NamedValue], to new: [NamedValue]) -> [String] {
    let ignored: Set<String> = ["data", "preset"]
    let changed = new.filter { !ignored.contains($0.name) }.compactMap { entry -> String? in
      let before = old.first { $0.name == entry.name }?.value ?? impliedValues[entry.name]
      return before == entry.value ? nil : "\(entry.name) was \(before ?? "unknown"), is \(entry.value)"
    }
    let lost = old.filter { entry in !ignored.contains(entry.name) && !new.contains { $0.name == entry.name } }
    return changed + lost.map { "\($0.name) was \($0.value), is unknown here" }
  }
}

extension DataFormat {
  /// The format of a data set, with its classes or without.
  public init(_ source: any ImageSource, usingClasses: Bool) {
    let classes = usingClasses && source.labels != nil ? source.classCount : nil
    self.init(height: source.format.height, width: source.format.width, channels: source.format.channels, classes: classes)
  }
}
