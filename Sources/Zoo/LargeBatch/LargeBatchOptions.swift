public import Adversarial
import Layers

/// What the large-batch models share: how both networks are trained, how weights start, and the small numbers in their norms.
public struct LargeBatchOptions: Sendable, Equatable {
  /// Adam's step size of the generator.
  public var generatorLearningRate: Float = 5e-5
  /// Adam's step size of the critic.
  public var discriminatorLearningRate: Float = 2e-4
  /// Adam's β₁.
  public var beta1: Float = 0
  /// Adam's β₂.
  public var beta2: Float = 0.999
  /// Adam's ε.
  public var adamEpsilon: Float = 1e-8
  /// Decay of the generator's weight average, which samples come from; 0: the weights themselves.
  public var averageDecay: Float = 0.9999
  /// First step that averages.
  public var averageStart = 0
  /// How weights start.
  public var initializer = InitializerWord.orthogonal
  /// Smallest norm that power iteration divides by.
  public var spectralEpsilon: Float = 1e-4
  /// ε under batch norm's root.
  public var batchNormEpsilon: Float = 1e-4

  /// How weights start.
  public enum InitializerWord: String, OptionWord, Sendable {
    case orthogonal
    case normal
    case xavier

    var initializer: Initializer {
      switch self {
      case .orthogonal: .orthogonal
      case .normal: .normal(deviation: 0.02)
      case .xavier: .xavier
      }
    }
  }

  /// The options of the BigGAN paper at 128 px.
  public init() {}

  /// These options as fields of a model's, which has them at `path`.
  static func fields<Options>(_ path: WritableKeyPath<Options, Self>) -> [OptionField<Options>] {
    func at<Value>(_ part: WritableKeyPath<Self, Value>) -> WritableKeyPath<Options, Value> { path.appending(path: part) }
    return [
      .value("generator-lr", at(\.generatorLearningRate), "Adam's step size of the generator", in: 0...1),
      .value("discriminator-lr", at(\.discriminatorLearningRate), "Adam's step size of the critic", in: 0...1),
      .value("beta1", at(\.beta1), "Adam's decay of the first moment", in: 0...0.9999),
      .value("beta2", at(\.beta2), "Adam's decay of the second moment", in: 0...0.99999),
      .value("adam-epsilon", at(\.adamEpsilon), "Adam's epsilon", in: 1e-12...1),
      .value("average-decay", at(\.averageDecay), "decay of the generator's weight average; 0: none", in: 0...0.99999),
      .value("average-start", at(\.averageStart), "first step that averages", in: 0...Int.max),
      .value("initializer", at(\.initializer), "how weights start: orthogonal, normal (0.02) or xavier"),
      .value("spectral-epsilon", at(\.spectralEpsilon), "smallest norm that power iteration divides by", in: 1e-12...10),
      .value("batch-norm-epsilon", at(\.batchNormEpsilon), "epsilon under batch norm's root", in: 1e-12...0.1),
    ]
  }

  mutating func scaleLearningRates(by factor: Float) {
    generatorLearningRate *= factor
    discriminatorLearningRate *= factor
  }

  /// What the small presets for the embedded 32 px sets share: our own numbers.
  static var demo: Self {
    var options = Self()
    options.generatorLearningRate = 2e-4
    options.discriminatorLearningRate = 4e-4
    options.averageDecay = 0.99
    options.averageStart = 100
    options.spectralEpsilon = 1e-6
    options.batchNormEpsilon = 1e-5
    return options
  }
}
