public import Layers
public import Tensors

/// Real images that a model reads beside those of the data set as it is, a batch of them wherever a phase reads images.
///
/// The trainer reads them, in an order of their own that is a function of seed and position alone, so checkpoints hold nothing for them.
public struct DataStream: Sendable, Equatable {
  /// Which images.
  public enum Selection: Sendable, Equatable {
    /// So many of each class, chosen by the run's seed: those whose labels a model may see.
    case perClass(Int)
  }

  /// Name in the model's own words.
  public let name: String
  /// Which images.
  public let selection: Selection

  /// A stream of this name.
  public init(_ name: String, _ selection: Selection) {
    self.name = name
    self.selection = selection
  }
}

/// A batch of real images.
public struct RealBatch {
  /// `[batch, height, width, channels]` in [-1, 1].
  public let images: Tensor
  /// Their classes; nil for data without labels.
  public let labels: Labels?

  /// A batch of these.
  public init(images: Tensor, labels: Labels?) {
    self.images = images
    self.labels = labels
  }
}
