public import Adversarial

/// Everything that can be set of an f-GAN.
///
/// The paper's numbers for MNIST (widths, initial weights, Adam's, the batch of 4096) are quoted from memory of its section on experiments;
/// they are not checked against its text. Its divergences are: they are theorems, and tests prove them.
public struct FGANOptions: GameOptions {
  /// Which networks.
  public enum Networks: String, OptionWord, Sendable {
    /// Dense layers, the paper's for MNIST.
    case dense
    /// DCGAN's, the paper's for LSUN.
    case convolutional
  }

  /// Which networks.
  public var networks = Networks.dense
  /// Width of the dense generator's hidden layers.
  public var generatorWidth = 1200
  /// Width of the dense critic's hidden layers.
  public var criticWidth = 240
  /// Base width of the convolutional networks.
  public var channels = 64
  /// Size of z.
  public var latent = 100
  /// How both networks are updated.
  public var updates = UpdateOptions.adam(2e-4, beta1: 0.5)
  public var objective = Objective(KullbackLeibler(), criticSteps: 1)

  /// The paper's options for MNIST.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("networks", \.networks, "dense (any image size) or convolutional (DCGAN's)"),
      .value("generator-width", \.generatorWidth, "width of the dense generator's hidden layers", in: 1...65_536),
      .value("critic-width", \.criticWidth, "width of the dense critic's hidden layers", in: 1...65_536),
      .value("channels", \.channels, "base width of the convolutional networks", in: 1...1024),
      .value("latent", \.latent, "size of z", in: 1...4096),
    ] + UpdateOptions.fields(\.updates)
  }

  public mutating func scaleLearningRates(by factor: Float) { updates.scaleLearningRates(by: factor) }

  public static var presets: [Preset<Self>] {
    var convolutional = FGANOptions()
    convolutional.networks = .convolutional
    convolutional.channels = 32
    convolutional.objective = Objective(JensenShannon(), criticSteps: 1)
    var demo = FGANOptions()
    demo.generatorWidth = 600
    demo.objective = Objective(JensenShannon(), criticSteps: 1)
    demo.updates.averageDecay = 0.995
    return [
      Preset(
        name: "demo", summary: "half the generator's width, Jensen-Shannon, for sets of some thousand images; our own numbers",
        options: demo,
        run: RunDefaults(batch: 128, steps: 10_000)),
      Preset(
        name: "convolutional", summary: "DCGAN's networks for 32 px; our own numbers", options: convolutional,
        run: RunDefaults(batch: 64, steps: 10_000)),
      Preset(
        name: "mnist", summary: "as the paper, section 3.2: Kullback-Leibler, batch 4096, Adam 2e-4", options: FGANOptions(),
        run: RunDefaults(batch: 4096, steps: 20_000)),
    ]
  }
}
