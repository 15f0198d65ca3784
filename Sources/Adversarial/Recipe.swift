public import Layers
public import Optimization
public import Tensors

/// A model at work: networks, the phases of a step, and sampling. The trainer runs any recipe and knows none.
public protocol Recipe: AnyObject {
  /// The networks, in the order of files and messages.
  var networks: [Network] { get }
  /// The updates of one step, in order.
  var phases: [Phase] { get }
  /// What is drawn for sample sheets.
  var sampling: SamplingTraits { get }
  /// Images `[count, height, width, channels]` in [-1, 1], replicated; runs the numbers that the stores hold.
  func sample(_ request: SampleRequest) -> Tensor
  /// What users should know before a run begins.
  var notes: [String] { get }
  /// What in the model is undefined for a global batch of one image, as `--loss mmd`; empty for most.
  var pairwise: [String] { get }
  /// Real images that its phases read beside those of the data set as it is; empty for most.
  var streams: [DataStream] { get }
  /// Sheets of its own, beside that of random samples; empty for most.
  var sheets: [SheetPlan] { get }
}

extension Recipe {
  public var notes: [String] { [] }
  public var pairwise: [String] { [] }
  public var streams: [DataStream] { [] }
  public var sheets: [SheetPlan] { [] }
}

/// One network of a model with what trains it.
public final class Network {
  /// Parameters and buffers.
  public let store: ParameterStore
  /// The rule that updates it; a game may put another in its place.
  public internal(set) var optimizer: any Optimizer
  /// The average that samples are drawn from, if any.
  public let average: WeightAverage?
  /// What the network is held to; a game sets them.
  public internal(set) var constraints: [any Constraint] = []
  /// What the optimizer's step size is multiplied by at each step; a game sets it.
  public internal(set) var schedule = Schedule.constant(1)
  /// A further factor, which follows the game itself and is the same on every rank; a game sets it.
  var pace: (() -> Float)?

  /// A network named as its store.
  public init(store: ParameterStore, optimizer: any Optimizer, average: WeightAverage? = nil) {
    self.store = store
    self.optimizer = optimizer
    self.average = average
  }

  /// One update by the store's complete gradient: constraints on it, the optimizer, constraints on the parameters, the average.
  ///
  /// Every process that shares the store's memory comes here, between two of the store's barriers.
  public func update(step: Int) {
    for constraint in constraints { constraint.beforeUpdate(of: store) }
    optimizer.update(store, step: step, rate: schedule.value(at: step) * (pace?() ?? 1))
    for constraint in constraints { constraint.afterUpdate(of: store) }
    average?.update(step: step)
  }
}

/// One kind of update within a step: which network, how often, by which loss.
public struct Phase {
  /// Name in logs and random streams, as `discriminator`.
  public let name: String
  /// The network that is updated.
  public let network: Network
  /// Updates in step `step` (from 0).
  public let times: (Int) -> Int
  /// Whether the loss reads real images.
  public let needsData: Bool
  /// The scalar to minimise.
  public let loss: (StepContext) -> Tensor

  /// A phase; `times` defaults to once a step.
  public init(
    _ name: String, updating network: Network, needsData: Bool, times: @escaping (Int) -> Int = { _ in 1 },
    loss: @escaping (StepContext) -> Tensor
  ) {
    self.name = name
    self.network = network
    self.times = times
    self.needsData = needsData
    self.loss = loss
  }
}

/// What can be asked of `sample`.
public struct SamplingTraits: Sendable, Equatable {
  /// Size of the latent vector z.
  public var latentSize: Int
  /// Number of classes of a conditional model.
  public var classes: Int?
  /// Whether z is normal, and can be truncated.
  public var canTruncate: Bool
  /// Names of the classes where they are the model's own, as codes that it found; nil where they are those of the data.
  public var classNames: [String]?

  /// Traits of these values.
  public init(latentSize: Int, classes: Int?, canTruncate: Bool, classNames: [String]? = nil) {
    self.latentSize = latentSize
    self.classes = classes
    self.canTruncate = canTruncate
    self.classNames = classNames
  }
}

/// An order for images.
public struct SampleRequest {
  /// Latent vectors `[count, latentSize]`, replicated.
  public var latent: Tensor
  /// A class for each image, for a conditional model.
  public var labels: Labels?
  /// Moments to use: running ones, or the batch's while standing statistics are gathered.
  public var mode: Mode

  /// An order for one image for each row of `latent`.
  public init(latent: Tensor, labels: Labels?, mode: Mode = .inference) {
    self.latent = latent
    self.labels = labels
    self.mode = mode
  }
}

/// A model that has learned to classify images.
public protocol Classifying: Recipe {
  /// Logits `[count, classes]` of the data's classes of images `[count, height, width, channels]` in [-1, 1], by the numbers that the stores
  /// hold, in inference.
  func classLogits(_ images: Tensor) -> Tensor
}
