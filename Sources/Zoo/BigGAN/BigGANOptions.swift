public import Adversarial
import Layers

/// Everything that can be set of a BigGAN.
public struct BigGANOptions: ModelOptions {
  /// Base width `ch`; layers have multiples of it.
  public var channels = 96
  /// Size of z.
  public var latent = 120
  /// Whether every generator block gets a chunk of z.
  public var hierarchical = true
  /// Width of the class embedding that all generator blocks share; 0: each conditional norm has tables of its own.
  public var sharedEmbedding = 128
  /// Image size after whose block both networks have self-attention; 0: none.
  public var attention = 64
  /// Critic updates in a step.
  public var discriminatorSteps = 2
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
  /// Decay of the generator's weight average.
  public var averageDecay: Float = 0.9999
  /// First step that averages.
  public var averageStart = 0
  /// Weight β of the modified orthogonal regularization of the generator; 0: none.
  public var orthogonal: Float = 1e-4
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

  /// The paper's options.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("channels", \.channels, "base width ch of both networks", in: 1...1024),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("hierarchical", \.hierarchical, "whether every generator block gets a chunk of z"),
      .value("shared-embedding", \.sharedEmbedding, "width of the shared class embedding; 0: tables in every norm", in: 0...4096),
      .value("attention", \.attention, "image size with self-attention; 0: none", in: 0...256),
      .value("discriminator-steps", \.discriminatorSteps, "critic updates in a step", in: 1...100),
      .value("generator-lr", \.generatorLearningRate, "Adam's step size of the generator", in: 0...1),
      .value("discriminator-lr", \.discriminatorLearningRate, "Adam's step size of the critic", in: 0...1),
      .value("beta1", \.beta1, "Adam's decay of the first moment", in: 0...0.9999),
      .value("beta2", \.beta2, "Adam's decay of the second moment", in: 0...0.99999),
      .value("adam-epsilon", \.adamEpsilon, "Adam's epsilon", in: 1e-12...1),
      .value("average-decay", \.averageDecay, "decay of the generator's weight average", in: 0...0.99999),
      .value("average-start", \.averageStart, "first step that averages", in: 0...Int.max),
      .value("orthogonal", \.orthogonal, "weight of the modified orthogonal regularization; 0: none", in: 0...1),
      .value("initializer", \.initializer, "how weights start: orthogonal, normal (0.02) or xavier"),
      .value("spectral-epsilon", \.spectralEpsilon, "smallest norm that power iteration divides by", in: 1e-12...10),
      .value("batch-norm-epsilon", \.batchNormEpsilon, "epsilon under batch norm's root", in: 1e-12...0.1),
    ]
  }

  public mutating func scaleLearningRates(by factor: Float) {
    generatorLearningRate *= factor
    discriminatorLearningRate *= factor
  }

  public static var presets: [Preset<Self>] {
    [
      Preset(
        name: "demo", summary: "a small BigGAN for the embedded 32 px sets: visible samples in minutes on two cores; our own numbers",
        options: demo, run: RunDefaults(batch: 64, steps: 2400)),
      Preset(
        name: "cifar10",
        summary: "32 px as ajbrock/BigGAN-PyTorch, scripts/launch_cifar_ema.sh: ch 64, batch 50, 4 critic updates, no attention",
        options: cifar10, run: RunDefaults(batch: 50, steps: 125_000)),
      Preset(
        name: "imagenet128",
        summary: "128 px as the paper, section 3 and appendix C: ch 96, batch 2048, 2 critic updates, TTUR, orthogonal regularization",
        options: BigGANOptions(), run: RunDefaults(batch: 2048, steps: 200_000)),
    ]
  }

  private static var demo: BigGANOptions {
    var options = BigGANOptions()
    options.channels = 16
    options.latent = 80
    options.sharedEmbedding = 32
    options.attention = 16
    options.discriminatorSteps = 1
    options.generatorLearningRate = 2e-4
    options.discriminatorLearningRate = 4e-4
    options.averageDecay = 0.99
    options.averageStart = 100
    options.orthogonal = 0
    options.spectralEpsilon = 1e-6
    options.batchNormEpsilon = 1e-5
    return options
  }

  private static var cifar10: BigGANOptions {
    var options = BigGANOptions()
    options.channels = 64
    options.latent = 128
    options.hierarchical = false
    options.sharedEmbedding = 0
    options.attention = 0
    options.discriminatorSteps = 4
    options.generatorLearningRate = 2e-4
    options.discriminatorLearningRate = 2e-4
    options.averageStart = 1000
    options.orthogonal = 0
    options.initializer = .normal
    options.spectralEpsilon = 1e-8
    options.batchNormEpsilon = 1e-5
    return options
  }
}
