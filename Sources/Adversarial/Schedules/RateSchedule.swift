public import Optimization

/// How the step sizes of both networks go in a run: `--schedule NAME[:option=value,…]`.
public protocol RateSchedule: CatalogEntry {
  /// Steps in which the step sizes rise from almost nothing to their own. Every schedule has this option.
  var warmUp: Int { get set }
  /// What step sizes are multiplied by, without warming up.
  var course: Schedule { get }
}

extension RateSchedule {
  public static var commonFields: [OptionField<Self>] {
    [.value("warm-up", \.warmUp, "first steps, in which step sizes rise in a straight line", in: 0...Int.max)]
  }
  /// What step sizes are multiplied by.
  public var schedule: Schedule { course.warmingUp(over: warmUp) }
}

/// Step sizes as the model has them.
public struct SteadyRate: RateSchedule {
  public static let card = EntryCard(
    name: "constant", summary: "step sizes stay as they are; with warm-up as for large batches", formula: "lr * min(1, (t + 1) / warm-up)",
    paper: "warm-up: Goyal et al. 2017, Accurate, Large Minibatch SGD, section 2.2", link: "https://arxiv.org/abs/1706.02677")
  public var warmUp = 0
  /// No warm-up.
  public init() {}
  public var course: Schedule { .constant(1) }
}

/// Step sizes on a straight line down.
/// - Source: Gulrajani et al. 2017 (to 0 over the whole run), https://arxiv.org/abs/1704.00028; Zhu et al. 2017 (constant for the first
///   half), https://arxiv.org/abs/1703.10593
public struct LinearRate: RateSchedule {
  public static let card = EntryCard(
    name: "linear", summary: "step sizes fall on a straight line; WGAN-GP, CycleGAN",
    formula: "lr * (1 + (to - 1) * x), x from 0 to 1 while `over` steps pass, from step `after` on",
    paper: "Gulrajani et al. 2017, Improved Training of Wasserstein GANs; Zhu et al. 2017, CycleGAN",
    link: "https://arxiv.org/abs/1704.00028")
  /// Last share of the step sizes.
  public var to: Float = 0
  /// Steps before the fall.
  public var after = 0
  /// Steps of the fall.
  public var over = 100_000
  public var warmUp = 0
  /// To 0 over 100,000 steps, WGAN-GP's for CIFAR-10.
  public init() {}
  public static var fields: [OptionField<Self>] {
    [
      .value("to", \.to, "last share of the step sizes", in: 0...1),
      .value("after", \.after, "steps before the fall", in: 0...1_000_000_000),
      .value("over", \.over, "steps of the fall", in: 1...1_000_000_000),
    ]
  }
  public var course: Schedule { .linear(to: to, after: after, over: over) }
}

/// Step sizes multiplied by a factor every so many steps.
/// - Source: Berthelot, Schumm, Metz 2017, section 4.1 (halved when the measure stalls; the authors' code every 100,000 steps).
///   https://arxiv.org/abs/1703.10717
public struct StepRate: RateSchedule {
  public static let card = EntryCard(
    name: "step", summary: "step sizes are multiplied by a factor every so many steps; BEGAN",
    formula: "lr * max(factor^floor(t / interval), floor)", paper: "Berthelot, Schumm, Metz 2017, BEGAN, section 4.1",
    link: "https://arxiv.org/abs/1703.10717")
  /// What step sizes are multiplied by.
  public var factor: Float = 0.5
  /// Steps between two falls.
  public var interval = 100_000
  /// Smallest share of the step sizes.
  public var floor: Float = 0
  public var warmUp = 0
  /// Halved every 100,000 steps.
  public init() {}
  public static var fields: [OptionField<Self>] {
    [
      .value("factor", \.factor, "what step sizes are multiplied by", in: 0...1),
      .value("interval", \.interval, "steps between two falls", in: 1...1_000_000_000),
      .value("floor", \.floor, "smallest share of the step sizes", in: 0...1),
    ]
  }
  public var course: Schedule { .steps(factor: factor, every: interval, floor: floor) }
}

/// Step sizes on half a cosine wave down.
/// - Source: Loshchilov, Hutter 2017, "SGDR", eq. (5), without restarts. https://arxiv.org/abs/1608.03983
public struct CosineRate: RateSchedule {
  public static let card = EntryCard(
    name: "cosine", summary: "step sizes fall on half a wave; R3GAN",
    formula: "lr * (to + (1 - to) * (1 + cos pi x) / 2), x from 0 to 1 while `over` steps pass, from step `after` on",
    paper: "Loshchilov, Hutter 2017, SGDR, eq. (5)", link: "https://arxiv.org/abs/1608.03983")
  /// Last share of the step sizes.
  public var to: Float = 0
  /// Steps before the fall.
  public var after = 0
  /// Steps of the fall.
  public var over = 100_000
  public var warmUp = 0
  /// To 0 over 100,000 steps.
  public init() {}
  public static var fields: [OptionField<Self>] {
    [
      .value("to", \.to, "last share of the step sizes", in: 0...1),
      .value("after", \.after, "steps before the fall", in: 0...1_000_000_000),
      .value("over", \.over, "steps of the fall", in: 1...1_000_000_000),
    ]
  }
  public var course: Schedule { .cosine(to: to, after: after, over: over) }
}
