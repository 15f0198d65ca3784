public import Adversarial
public import Datasets
import Layers
import Optimization
import Tensors

/// How well a trained model classifies images, by the averages of its weights where it has some.
public struct Classifier {
  /// Images of one class.
  public struct Tally: Sendable, Equatable {
    /// All of them.
    public var count = 0
    /// Those whose largest logit is that of their class.
    public var right = 0
  }

  private let model: any Classifying
  private let format: DataFormat
  /// Images that go through the model at once.
  private static let batch = 64

  /// A classifier by `model`, which was built for images of `format`.
  public init(_ model: any Classifying, format: DataFormat) {
    self.model = model
    self.format = format
  }

  /// What it makes of all images of `source`, by class.
  /// - Throws: `RunError` when the images or classes are not what the model was built for, `DatasetError` when an image cannot be read.
  public func tallies(_ source: any ImageSource) throws -> [Tally] {
    let (own, classes) = (source.format, format.classes ?? 0)
    guard (own.height, own.width, own.channels) == (format.height, format.width, format.channels) else {
      throw RunError(
        .mismatch,
        "\(source.name): images of \(own.width) x \(own.height) x \(own.channels), the model was trained on "
          + "\(format.width) x \(format.height) x \(format.channels)")
    }
    guard let labels = source.labels, source.classCount <= classes else {
      throw RunError(.mismatch, "\(source.name): \(source.classCount) classes, the model was trained on \(classes)")
    }
    var tallies = [Tally](repeating: Tally(), count: classes)
    try withAverages {
      for start in stride(from: 0, to: source.count, by: Self.batch) {
        let indices = start..<min(start + Self.batch, source.count)
        let numbers = try indices.flatMap { try source.image($0).pixels(own).map { Float($0) / 127.5 - 1 } }
        let images = Tensor(numbers, shape: [indices.count, format.height, format.width, format.channels])
        let logits = model.classLogits(images).values
        for (row, index) in indices.enumerated() {
          let (said, label) = (logits[(row * classes)..<((row + 1) * classes)], Int(labels[index]))
          tallies[label].count += 1
          if said.allSatisfy({ $0 <= said[said.startIndex + label] }) { tallies[label].right += 1 }
        }
      }
    }
    return tallies
  }

  private func withAverages(_ body: () throws -> Void) rethrows {
    func nested(_ networks: ArraySlice<Network>) throws {
      guard let network = networks.first else { return try body() }
      guard let average = network.average?.allocated else { return try nested(networks.dropFirst()) }
      try network.store.using(values: average.values, buffers: average.buffers) { try nested(networks.dropFirst()) }
    }
    try nested(model.networks[...])
  }
}
