public import Adversarial

/// Everything that can be set of a cGAN.
public struct CGANOptions: GameOptions {
  /// Width of the generator's joint layer; a sixth of it is z's own layer before it, the rest the class's.
  public var width = 1200
  /// Maxout units of the critic's image and joint layers; 5/24 as many are the class's own.
  public var units = 240
  /// Size of z.
  public var latent = 100
  /// Share of units that are left out in each hidden layer of the critic.
  public var dropout: Float = 0.5
  /// Whether z's layer and the joint one of the generator have batch norm. On the class's it would make five times as much of the class
  /// as of z, and one image of each class.
  public var batchNorm = false
  /// Step size of the generator.
  public var generatorLearningRate: Float = 0.1
  /// Step size of the critic: half, since the authors' code takes the mean of its losses on real and generated images, where a game has
  /// their sum.
  public var discriminatorLearningRate: Float = 0.05
  public var objective = Objective.first(dividingBy: 1.00004)

  /// The paper's options.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("width", \.width, "width of the generator's joint layer; a sixth of it is z's own, the rest the class's", in: 6...65536),
      .value("units", \.units, "maxout units of the critic's image and joint layers; 5/24 as many are the class's own", in: 1...65536),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("dropout", \.dropout, "share of units left out in the critic's hidden layers", in: 0...0.95),
      .value("batch-norm", \.batchNorm, "whether z's layer and the joint one of the generator have batch norm"),
      .value("generator-lr", \.generatorLearningRate, "step size of the generator", in: 0...10),
      .value("discriminator-lr", \.discriminatorLearningRate, "step size of the critic", in: 0...10),
    ]
  }

  public mutating func scaleLearningRates(by factor: Float) {
    generatorLearningRate *= factor
    discriminatorLearningRate *= factor
  }

  public static var presets: [Preset<Self>] {
    var demo = CGANOptions()
    demo.width = 600
    // Without it Adam, which makes full steps of the smallest gradients, drives all images to one while the critic is still near zero.
    demo.batchNorm = true
    demo.objective = .firstByAdam
    // At a step of 2e-4 and dropout of a half the critic sees after 2,000 steps how images look, but not yet which class they should be.
    (demo.generatorLearningRate, demo.discriminatorLearningRate) = (5e-4, 5e-4)
    demo.dropout = 0.3
    return [
      Preset(
        name: "demo", summary: "half the generator's width, batch norm, Adam, less dropout, for small labelled images; our own numbers",
        options: demo, run: RunDefaults(batch: 100, steps: 20_000)),
      Preset(
        name: "mnist", summary: "28 px as the paper, section 4.1: gradient descent from 0.1, batch 100", options: CGANOptions(),
        run: RunDefaults(batch: 100, steps: 300_000)),
    ]
  }
}
