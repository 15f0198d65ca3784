/// A model of the zoo: a recipe with its card, its options and its presets.
public protocol Model: Recipe {
  /// Everything about the model that a user can set.
  associatedtype Options: ModelOptions
  /// What the model is and where it comes from.
  static var card: ModelCard { get }
  /// Builds the networks.
  /// - Throws: `ModelError` when the options do not fit each other or the data.
  init(_ options: Options, data: DataFormat) throws
}

/// What a model is and where it comes from.
public struct ModelCard: Sendable {
  /// Name on the command line.
  public let name: String
  /// Title of the paper.
  public let paper: String
  /// Authors and year.
  public let authors: String
  /// Where to read it.
  public let link: String
  /// One sentence.
  public let summary: String
  /// Where this implementation departs from the paper, and why.
  public let deviations: [String]

  /// A card of these texts.
  public init(name: String, paper: String, authors: String, link: String, summary: String, deviations: [String]) {
    self.name = name
    self.paper = paper
    self.authors = authors
    self.link = link
    self.summary = summary
    self.deviations = deviations
  }
}

/// The images a model is built for.
public struct DataFormat: Sendable, Equatable {
  /// Rows of an image.
  public let height: Int
  /// Columns of an image.
  public let width: Int
  /// Channels of an image, 1 to 4.
  public let channels: Int
  /// Number of classes, or nil without labels.
  public let classes: Int?

  /// A format of these sizes.
  public init(height: Int, width: Int, channels: Int, classes: Int?) {
    self.height = height
    self.width = width
    self.channels = channels
    self.classes = classes
  }
}

/// Options or data that a model cannot be built from.
public struct ModelError: Error, CustomStringConvertible, Sendable {
  /// What was attempted, found, and what to do.
  public let description: String
  /// An error with this sentence.
  public init(_ description: String) { self.description = description }
}

/// What a preset sets beside the model's own options.
public struct RunDefaults: Sendable, Equatable {
  /// Global batch size of one accumulation step.
  public var batch: Int
  /// Accumulation steps: gradients of this many batches are added before an update.
  public var accumulation: Int
  /// Steps of a whole run.
  public var steps: Int

  /// Defaults of these numbers.
  public init(batch: Int, accumulation: Int = 1, steps: Int) {
    self.batch = batch
    self.accumulation = accumulation
    self.steps = steps
  }
}

/// A named set of options with its source.
public struct Preset<Options> {
  /// Name on the command line.
  public let name: String
  /// What it is for, and whence its numbers come.
  public let summary: String
  /// The model's options.
  public let options: Options
  /// Batch and steps.
  public let run: RunDefaults

  /// A preset of these values.
  public init(name: String, summary: String, options: Options, run: RunDefaults) {
    self.name = name
    self.summary = summary
    self.options = options
    self.run = run
  }
}
