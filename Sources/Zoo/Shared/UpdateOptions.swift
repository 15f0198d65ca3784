import Adversarial
import Layers
import Optimization

/// How the two networks of a game are updated: what most models share.
public struct UpdateOptions: Sendable, Equatable {
  /// The rule that the model's authors use; `--optimizer` takes another in its place.
  enum Rule {
    case adam
    case rmsprop
  }

  let rule: Rule
  /// Step size of the generator.
  public var generatorLearningRate: Float
  /// Step size of the critic.
  public var discriminatorLearningRate: Float
  /// Adam's decay of the first moment.
  public var beta1: Float
  /// Adam's or RMSProp's decay of the second moment.
  public var beta2: Float
  /// Decay of the generator's weight average, which samples come from; 0: the weights themselves.
  public var averageDecay: Float = 0
  /// First step that averages.
  public var averageStart = 0

  private init(_ rule: Rule, _ learningRate: Float, beta1: Float, beta2: Float) {
    self.rule = rule
    generatorLearningRate = learningRate
    discriminatorLearningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
  }

  /// Adam with one step size for both networks, without an average.
  public static func adam(_ learningRate: Float, beta1: Float, beta2: Float = 0.999) -> Self {
    Self(.adam, learningRate, beta1: beta1, beta2: beta2)
  }

  /// RMSProp with one step size for both networks, without an average.
  public static func rmsprop(_ learningRate: Float, decay: Float = 0.99) -> Self { Self(.rmsprop, learningRate, beta1: 0, beta2: decay) }

  /// These options of Adam as fields of a model's, which has them at `path`.
  static func fields<Options>(_ path: WritableKeyPath<Options, Self>) -> [OptionField<Options>] {
    rates(path) + [
      .value("beta1", path.appending(path: \.beta1), "Adam's decay of the first moment", in: 0...0.9999),
      .value("beta2", path.appending(path: \.beta2), "Adam's decay of the second moment", in: 0...0.99999),
    ] + averages(path)
  }

  /// These options of RMSProp as fields of a model's.
  static func rmspropFields<Options>(_ path: WritableKeyPath<Options, Self>) -> [OptionField<Options>] {
    rates(path) + [.value("decay", path.appending(path: \.beta2), "RMSProp's decay of the second moment", in: 0...0.99999)]
      + averages(path)
  }

  private static func rates<Options>(_ path: WritableKeyPath<Options, Self>) -> [OptionField<Options>] {
    [
      .value("generator-lr", path.appending(path: \.generatorLearningRate), "step size of the generator", in: 0...1),
      .value("discriminator-lr", path.appending(path: \.discriminatorLearningRate), "step size of the critic", in: 0...1),
    ]
  }

  private static func averages<Options>(_ path: WritableKeyPath<Options, Self>) -> [OptionField<Options>] {
    [
      .value(
        "average-decay", path.appending(path: \.averageDecay), "decay of the generator's weight average; 0: none", in: 0...0.99999),
      .value("average-start", path.appending(path: \.averageStart), "first step that averages", in: 0...Int.max),
    ]
  }

  mutating func scaleLearningRates(by factor: Float) {
    generatorLearningRate *= factor
    discriminatorLearningRate *= factor
  }

  /// The generator's network, with its average.
  func generator(_ store: ParameterStore) -> Network {
    let average = averageDecay > 0 ? WeightAverage(store, decay: averageDecay, start: averageStart) : nil
    return Network(store: store, optimizer: optimizer(store, generatorLearningRate), average: average)
  }

  /// The critic's network.
  func critic(_ store: ParameterStore) -> Network { Network(store: store, optimizer: optimizer(store, discriminatorLearningRate)) }

  /// The rule with a step size of its own: for a model's further networks.
  func optimizer(_ store: ParameterStore, _ learningRate: Float) -> any Optimizer {
    switch rule {
    case .adam: Adam(store, .init(learningRate: learningRate, beta1: beta1, beta2: beta2))
    case .rmsprop: RMSProp(store, learningRate: learningRate, decay: beta2)
    }
  }
}
