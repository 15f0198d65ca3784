public import Adversarial
public import Datasets

/// A model built for its data, with the options of its run: all that can fail on one rank before ranks meet.
public struct PreparedRun {
  /// The model.
  public let recipe: any Recipe
  /// The run's options.
  public let options: RunOptions
  /// The images.
  public let source: any ImageSource
  /// The format the model was built for.
  public let format: DataFormat
  /// Model, data and options: what the bits depend on.
  public let identity: [NamedValue]
  /// The images of the model's further streams.
  let streams: [(name: String, source: any ImageSource)]

  /// - Parameters:
  ///   - model: the model with its options; the learning-rate rule is applied to them here.
  ///   - options: the run's options.
  ///   - source: the images.
  ///   - ranks: number of ranks.
  /// - Throws: `RunError` and `ModelError` when options, ranks and data do not fit.
  public init(_ model: any ConfiguredModel, options: RunOptions, source: any ImageSource, ranks: Int) throws {
    try options.validate(ranks: ranks)
    self.options = options
    self.source = source
    format = DataFormat(source, usingClasses: options.usesClasses)
    identity = options.identity(of: model, source)
    recipe = try options.prepared(model).build(format)
    streams = try recipe.streams.map { stream in
      switch stream.selection {
      case .perClass(let count): (stream.name, try ImageSubset(source, perClass: count, seed: options.seed))
      }
    }
    try options.validate(for: recipe)
  }
}
