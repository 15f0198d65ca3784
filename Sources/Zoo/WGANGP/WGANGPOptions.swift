public import Adversarial

/// Everything that can be set of a WGAN-GP.
public struct WGANGPOptions: GameOptions {
  /// Which networks.
  public enum Networks: String, OptionWord, Sendable {
    case residual
    /// DCGAN's with 5x5 kernels.
    case convolutional
    case dense
  }

  /// Which networks.
  public var networks = Networks.residual
  /// Base width of residual and convolutional networks.
  public var channels = 128
  /// Width of the hidden layers of dense networks.
  public var width = 512
  /// Size of z.
  public var latent = 128
  /// Whether the critic has layer norm.
  public var layerNorm = false
  /// How both networks are updated.
  public var updates = UpdateOptions.adam(2e-4, beta1: 0, beta2: 0.9)
  public var objective = Objective(Wasserstein(), terms: [GradientPenalty()], criticSteps: 5)

  /// The authors' options for CIFAR-10 without classes.
  public init() { objective.schedule = LinearRate() }

  public static var fields: [OptionField<Self>] {
    [
      .value("networks", \.networks, "residual (32, 64, 128 px), convolutional (DCGAN's) or dense (any size)"),
      .value("channels", \.channels, "base width of residual and convolutional networks", in: 1...1024),
      .value("width", \.width, "width of the hidden layers of dense networks", in: 1...65_536),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("layer-norm", \.layerNorm, "whether the critic has layer norm"),
    ] + UpdateOptions.fields(\.updates)
  }

  public mutating func scaleLearningRates(by factor: Float) { updates.scaleLearningRates(by: factor) }

  public static var presets: [Preset<Self>] {
    var demo = WGANGPOptions()
    demo.channels = 32
    demo.objective.schedule = SteadyRate()
    demo.objective.criticSteps = 3
    demo.updates.averageDecay = 0.995
    var large = WGANGPOptions()
    large.channels = 64
    large.layerNorm = true
    large.objective.schedule = SteadyRate()
    large.updates = .adam(1e-4, beta1: 0, beta2: 0.9)
    var convolutional = WGANGPOptions()
    convolutional.networks = .convolutional
    convolutional.channels = 64
    convolutional.objective.schedule = SteadyRate()
    convolutional.updates = .adam(1e-4, beta1: 0.5, beta2: 0.9)
    var dense = convolutional
    dense.networks = .dense
    return [
      Preset(
        name: "demo",
        summary: "the baseline to try first on a new set of 32 px: small residual networks, three critic updates; our own numbers",
        options: demo, run: RunDefaults(batch: 32, steps: 5000)),
      Preset(
        name: "cifar10",
        summary: "32 px as igul222/improved_wgan_training, gan_cifar_resnet.py, without classes; step size to 0 in 100,000 steps",
        options: WGANGPOptions(), run: RunDefaults(batch: 64, steps: 100_000)),
      Preset(
        name: "imagenet64", summary: "64 px as igul222/improved_wgan_training, gan_64x64.py: layer norm in the critic", options: large,
        run: RunDefaults(batch: 64, steps: 200_000)),
      Preset(
        name: "convolutional", summary: "DCGAN's networks as the paper, section 5.1 and algorithm 1: Adam 1e-4 (0.5, 0.9)",
        options: convolutional, run: RunDefaults(batch: 64, steps: 200_000)),
      Preset(
        name: "dense", summary: "dense layers of width 512 as FCGenerator of gan_64x64.py; images of any size", options: dense,
        run: RunDefaults(batch: 64, steps: 200_000)),
    ]
  }
}
