public import Adversarial
import Layers
import Optimization

/// How the two networks of a game are updated: what most models share.
public struct UpdateOptions: Sendable, Equatable {
  /// The rule that turns gradients into steps.
  public enum Rule: String, OptionWord, Sendable {
    case adam
    case rmsprop
    case sgd
  }

  /// The rule of both networks.
  public var rule: Rule
  /// Step size of the generator.
  public var generatorLearningRate: Float
  /// Step size of the critic.
  public var discriminatorLearningRate: Float
  /// Adam's decay of the first moment; the momentum of gradient descent.
  public var beta1: Float
  /// Decay of the second moment.
  public var beta2: Float
  /// Critic updates in a step.
  public var discriminatorSteps: Int
  /// Decay of the generator's weight average, which samples come from; 0: the weights themselves.
  public var averageDecay: Float = 0
  /// First step that averages.
  public var averageStart = 0

  /// Options of these values, without an average.
  public init(
    _ rule: Rule, generatorLearningRate: Float, discriminatorLearningRate: Float, beta1: Float = 0, beta2: Float = 0.999,
    discriminatorSteps: Int = 1
  ) {
    self.rule = rule
    self.generatorLearningRate = generatorLearningRate
    self.discriminatorLearningRate = discriminatorLearningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.discriminatorSteps = discriminatorSteps
  }

  /// Adam with one step size for both networks.
  public static func adam(_ learningRate: Float, beta1: Float, beta2: Float = 0.999, discriminatorSteps: Int = 1) -> Self {
    Self(
      .adam, generatorLearningRate: learningRate, discriminatorLearningRate: learningRate, beta1: beta1, beta2: beta2,
      discriminatorSteps: discriminatorSteps)
  }

  /// These options as fields of a model's, which has them at `path`.
  static func fields<Options>(_ path: WritableKeyPath<Options, Self>) -> [OptionField<Options>] {
    func at<Value>(_ part: WritableKeyPath<Self, Value>) -> WritableKeyPath<Options, Value> { path.appending(path: part) }
    return [
      .value("optimizer", at(\.rule), "rule of both networks: adam, rmsprop or sgd"),
      .value("generator-lr", at(\.generatorLearningRate), "step size of the generator", in: 0...1),
      .value("discriminator-lr", at(\.discriminatorLearningRate), "step size of the critic", in: 0...1),
      .value("beta1", at(\.beta1), "Adam's decay of the first moment; sgd's momentum", in: 0...0.9999),
      .value("beta2", at(\.beta2), "decay of the second moment of Adam and RMSProp", in: 0...0.99999),
      .value("discriminator-steps", at(\.discriminatorSteps), "critic updates in a step", in: 1...1000),
      .value("average-decay", at(\.averageDecay), "decay of the generator's weight average; 0: none", in: 0...0.99999),
      .value("average-start", at(\.averageStart), "first step that averages", in: 0...Int.max),
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
    case .sgd: GradientDescent(store, learningRate: learningRate, momentum: .constant(beta1))
    }
  }
}
