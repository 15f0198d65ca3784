public import Adversarial

/// Everything that can be set of an InfoGAN.
public struct InfoGANOptions: GameOptions {
  /// Width of the critic's first convolution; the others follow.
  public var channels = 64
  /// Width of the dense layers.
  public var hidden = 1024
  /// Size of z, without codes.
  public var latent = 62
  /// Values of the categorical code.
  public var categories = 10
  /// Continuous codes.
  public var numbers = 2
  /// How both networks are updated.
  public var updates = UpdateOptions.adam(2e-4, beta1: 0.5)
  public var objective = Objective(NonSaturating(), terms: [MutualInformation()], criticSteps: 1)

  /// The options of the authors' code for MNIST.
  public init() { updates.generatorLearningRate = 1e-3 }

  public static var fields: [OptionField<Self>] {
    [
      .value("channels", \.channels, "width of the critic's first convolution; the others follow", in: 1...1024),
      .value("hidden", \.hidden, "width of the dense layers", in: 1...65536),
      .value("latent", \.latent, "size of z, without codes", in: 1...4096),
      .value("categories", \.categories, "values of the categorical code", in: 2...1000),
      .value("numbers", \.numbers, "continuous codes", in: 0...64),
    ] + UpdateOptions.fields(\.updates)
  }

  public mutating func scaleLearningRates(by factor: Float) { updates.scaleLearningRates(by: factor) }

  public static var presets: [Preset<Self>] {
    var demo = InfoGANOptions()
    (demo.channels, demo.hidden) = (32, 256)
    demo.updates.averageDecay = 0.99
    return [
      Preset(
        name: "demo", summary: "a small InfoGAN for small images; our own numbers", options: demo, run: RunDefaults(batch: 64, steps: 3000)),
      Preset(
        name: "mnist", summary: "28 px as openai/InfoGAN, launchers/run_mnist_exp.py: 50 epochs of 100 updates, batch 128",
        options: InfoGANOptions(), run: RunDefaults(batch: 128, steps: 5000)),
    ]
  }
}
