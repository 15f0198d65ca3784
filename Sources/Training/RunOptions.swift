public import Adversarial
public import Communication
public import Kernels
public import Sharding

/// How a preset's learning rates follow another batch size.
public enum LearningRateRule: String, CaseIterable, Sendable {
  /// They stay.
  case none
  /// In proportion to the batch. Goyal et al. 2017, section 2.1, https://arxiv.org/abs/1706.02677
  case linear
  /// With the root of the batch, as the deviation of the mean gradient. Hoffer et al. 2017, section 4, https://arxiv.org/abs/1705.08741
  case sqrt

  /// The factor for `batch` in place of `reference` samples.
  public func factor(batch: Int, reference: Int) -> Float {
    let ratio = Float(batch) / Float(reference)
    switch self {
    case .none: return 1
    case .linear: return ratio
    case .sqrt: return ratio.squareRoot()
    }
  }
}

/// How often something is done.
public enum Cadence: Equatable, Sendable {
  /// Never.
  case never
  /// Every so many steps.
  case steps(Int)
  /// Every so many minutes.
  case minutes(Double)
}

/// Everything about a run that is not the model's own.
public struct RunOptions: Sendable, Equatable {
  /// Key of all random numbers and of the data order.
  public var seed: UInt64 = 1
  /// Steps of the whole run, resumed parts included.
  public var steps: Int
  /// Global batch of one accumulation step.
  public var batch: Int
  /// Batches whose gradients are added before an update.
  public var accumulation: Int
  /// Virtual shards V of the batch: what the bits depend on in place of the number of ranks.
  public var shards: Int
  /// Whether the batch is cut as suits the ranks and threads at hand, for speed: bits then depend on them.
  public var isFast = false
  /// Whether images are mirrored left to right at random.
  public var flips = true
  /// Whether the model sees the labels, where the data has some.
  public var usesClasses = true
  /// How the learning rates follow the batch.
  public var learningRateRule = LearningRateRule.none

  /// How often a checkpoint is written; at the end there is always one.
  public var checkpointEvery = Cadence.minutes(10)
  /// Checkpoints kept.
  public var keep = 3
  /// Steps between sample sheets; 0: only at the end.
  public var sampleEvery = 0
  /// Steps between examinations of the game's health; 0: none.
  public var healthEvery = 0
  /// How gradients cross the ranks.
  public var reduction = Reduction.overlapped
  /// In what form they travel between hosts; other than float32 in a fast run only.
  public var wire = WireFormat.float32
  /// How convolutions are computed; whoever starts the run calls `setConvolutions` before the first step.
  public var convolution = ConvolutionAlgorithm.winograd
  /// In what precision the factors of their products are held.
  public var precision = ConvolutionPrecision.fp32
  /// Whether every primitive's result is checked for NaN and infinity.
  public var isDebug = false

  /// The options of a preset.
  public init(_ run: RunDefaults) {
    steps = run.steps
    batch = run.batch
    accumulation = run.accumulation
    shards = min(8, run.batch)
  }

  /// The batch and its shards.
  public var plan: ShardPlan { ShardPlan(batch: batch, shardCount: shards, keepsShardsApart: accumulation > 1) }

  /// The value of `shards` in the identity of a fast run.
  public static let freeShards = "free"
  /// Name of the data of a run that has none: it is made of weights, to be drawn from.
  public static let noData = "none"

  /// These options with a shard for each thread of the ranks, if the run is fast.
  public func cut(ranks: Int, threads: Int) -> RunOptions {
    var options = self
    if isFast { options.shards = min(batch, ranks * threads) }
    return options
  }

  /// What the bits depend on, by name; the rest may change at a resume.
  public var identity: [NamedValue] {
    [
      NamedValue("seed", "\(seed)"), NamedValue("batch", "\(batch)"), NamedValue("accumulation", "\(accumulation)"),
      NamedValue("shards", isFast ? Self.freeShards : "\(shards)"), NamedValue("flip", "\(flips)"),
      NamedValue("classes", usesClasses ? "used" : "unused"),
      NamedValue("lr-rule", learningRateRule.rawValue), NamedValue("convolution", convolution.rawValue),
      NamedValue("precision", precision.rawValue),
    ]
  }

  /// Makes this process compute convolutions as the run does.
  public func setConvolutions() {
    ConvolutionAlgorithm.current = convolution
    ConvolutionPrecision.current = precision
  }

  /// Checks that the model is defined for this batch.
  /// - Throws: `RunError` with exit code 65.
  func validate(for recipe: any Recipe) throws {
    guard batch == 1, let name = recipe.pairwise.first else { return }
    throw RunError(
      .mismatch, "\(name) compares different images of a batch, and --batch 1 has none to compare: set --batch to 2 or more")
  }

  /// Checks what the numbers must be among themselves and for `ranks` ranks.
  /// - Throws: `RunError` with exit code 64.
  public func validate(ranks: Int) throws {
    func need(_ condition: Bool, _ sentence: @autoclosure () -> String) throws {
      if !condition { throw RunError(.usage, sentence()) }
    }
    try need(steps >= 1, "--steps \(steps): at least 1 is needed")
    try need(batch >= 1, "--batch \(batch): at least 1 is needed")
    try need(accumulation >= 1, "--accumulation \(accumulation): at least 1 is needed")
    try need(shards >= 1 && shards <= batch, "--shards \(shards): from 1 to the batch of \(batch) are possible")
    try need(!isFast || ranks <= batch, "\(ranks) ranks for a batch of \(batch): start at most \(batch) ranks, or set --batch higher")
    try need(
      isFast || ranks <= shards, "\(ranks) ranks for \(shards) shards: start at most \(shards) ranks, or set --shards (and --batch) higher")
    try need(keep >= 1, "--keep \(keep): at least 1 is needed")
    try need(sampleEvery >= 0, "--sample-every \(sampleEvery): 0 or more is needed")
    try need(healthEvery >= 0, "--health-every \(healthEvery): 0 or more is needed")
    try precision.requireInstructions()
  }
}

/// A name with its value as text.
public struct NamedValue: Sendable, Equatable {
  /// What is named.
  public let name: String
  /// Its value.
  public let value: String

  /// A pair.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}
