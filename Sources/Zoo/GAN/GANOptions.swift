public import Adversarial

/// Everything that can be set of a GAN.
public struct GANOptions: GameOptions {
  /// Width of both hidden layers of the generator.
  public var generatorWidth = 1200
  /// Units of both hidden layers of the critic.
  public var units = 240
  /// Linear pieces of each unit.
  public var pieces = 5
  /// Size of z.
  public var latent = 100
  /// Share of pixels that dropout leaves out.
  public var visibleDropout: Float = 0.2
  /// Share of units that dropout leaves out.
  public var dropout: Float = 0.5
  /// Whether the generator's hidden layers have batch norm.
  public var batchNorm = false
  /// Step size of the generator.
  public var generatorLearningRate: Float = 0.1
  /// Step size of the critic: half, since the authors' code takes the mean of its losses on real and generated images, where a game has
  /// their sum.
  public var discriminatorLearningRate: Float = 0.05
  public var objective = Objective.first(dividingBy: 1.000004)

  /// The authors' options for MNIST.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("generator-width", \.generatorWidth, "width of the generator's hidden layers", in: 1...65_536),
      .value("units", \.units, "maxout units of the critic's hidden layers", in: 1...65_536),
      .value("pieces", \.pieces, "linear pieces of each maxout unit", in: 1...64),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("visible-dropout", \.visibleDropout, "share of the pixels that dropout leaves out", in: 0...0.99),
      .value("dropout", \.dropout, "share of the units that dropout leaves out", in: 0...0.99),
      .value("batch-norm", \.batchNorm, "whether the generator's hidden layers have batch norm"),
      .value("generator-lr", \.generatorLearningRate, "step size of the generator", in: 0...10),
      .value("discriminator-lr", \.discriminatorLearningRate, "step size of the critic", in: 0...10),
    ]
  }

  public mutating func scaleLearningRates(by factor: Float) {
    generatorLearningRate *= factor
    discriminatorLearningRate *= factor
  }

  public static var presets: [Preset<Self>] {
    var demo = GANOptions()
    demo.generatorWidth = 600
    // Without it Adam, which makes full steps of the smallest gradients, drives all images to one while the critic is still near zero.
    demo.batchNorm = true
    demo.objective = .firstByAdam
    (demo.generatorLearningRate, demo.discriminatorLearningRate) = (2e-4, 2e-4)
    return [
      Preset(
        name: "demo",
        summary: "half the generator's width, with batch norm, and Adam, for sets of some thousand images; our own numbers",
        options: demo, run: RunDefaults(batch: 100, steps: 20_000)),
      Preset(
        name: "mnist",
        summary: "as the authors' code (goodfeli/adversarial, mnist.yaml): 50,000 digits, batch 100, momentum over 250 epochs",
        options: GANOptions(), run: RunDefaults(batch: 100, steps: 250_000)),
    ]
  }
}
