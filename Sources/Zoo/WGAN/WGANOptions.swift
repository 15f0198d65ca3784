public import Adversarial

/// Everything that can be set of a WGAN.
public struct WGANOptions: GameOptions {
  /// Which network.
  public enum Networks: String, OptionWord, Sendable {
    case convolutional
    case dense
  }

  /// The generator's layers.
  public var generator = Networks.convolutional
  /// The critic's layers.
  public var critic = Networks.convolutional
  /// Base width of convolutional networks.
  public var channels = 64
  /// Width of the three hidden layers of dense networks.
  public var width = 512
  /// Size of z.
  public var latent = 100
  /// Whether the convolutional generator has batch norm.
  public var batchNorm = true
  /// What stands before the convolutional critic's rectifiers.
  public var criticNorm = CriticNorm.batch
  /// How both networks are updated.
  public var updates = UpdateOptions.rmsprop(5e-5)
  public var objective = Objective(Wasserstein(), constraints: [WeightClipping()], criticSteps: .wasserstein)

  /// The authors' options.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("generator", \.generator, "the generator's layers: convolutional (DCGAN's) or dense"),
      .value("critic", \.critic, "the critic's layers: convolutional (DCGAN's) or dense"),
      .value("channels", \.channels, "base width of convolutional networks", in: 1...1024),
      .value("width", \.width, "width of the hidden layers of dense networks", in: 1...65_536),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("batch-norm", \.batchNorm, "whether the convolutional generator has batch norm"),
      .value("critic-norm", \.criticNorm, "norms of the convolutional critic: batch, layer or none"),
    ] + UpdateOptions.rmspropFields(\.updates)
  }

  public mutating func scaleLearningRates(by factor: Float) { updates.scaleLearningRates(by: factor) }

  public static var presets: [Preset<Self>] {
    var demo = WGANOptions()
    demo.channels = 32
    demo.objective.criticSteps = 5
    demo.updates = .rmsprop(2e-4)
    demo.updates.averageDecay = 0.995
    var dense = WGANOptions()
    (dense.generator, dense.critic) = (.dense, .dense)
    return [
      Preset(
        name: "demo", summary: "half the width and no lead of the critic, for the embedded 32 px sets; our own numbers",
        options: demo,
        run: RunDefaults(batch: 64, steps: 1500)),
      Preset(
        name: "lsun64", summary: "64 px as the authors' code (martinarjovsky/WassersteinGAN, main.py)", options: WGANOptions(),
        run: RunDefaults(batch: 64, steps: 200_000)),
      Preset(
        name: "dense", summary: "both networks of four dense layers, width 512 (--mlp_G --mlp_D of the authors' code)", options: dense,
        run: RunDefaults(batch: 64, steps: 200_000)),
    ]
  }
}
