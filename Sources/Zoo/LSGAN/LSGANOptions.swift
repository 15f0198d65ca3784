public import Adversarial

/// Everything that can be set of an LSGAN.
public struct LSGANOptions: GameOptions {
  /// Width of the generator's last hidden layer.
  public var generatorChannels = 64
  /// Width of the critic's first layer.
  public var discriminatorChannels = 64
  /// Size of z.
  public var latent = 1024
  /// How both networks are updated.
  public var updates = UpdateOptions.adam(1e-3, beta1: 0.5)
  public var objective = Objective(LeastSquares(), criticSteps: 1)

  /// The authors' options for LSUN.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("generator-channels", \.generatorChannels, "width of the generator's last hidden layer", in: 1...1024),
      .value("discriminator-channels", \.discriminatorChannels, "width of the critic's first layer", in: 1...1024),
      .value("latent", \.latent, "size of z", in: 1...4096),
    ] + UpdateOptions.fields(\.updates)
  }

  public mutating func scaleLearningRates(by factor: Float) { updates.scaleLearningRates(by: factor) }

  public static var presets: [Preset<Self>] {
    var demo = LSGANOptions()
    // At double the width a step costs 2.7 times as much, and the critic stays far ahead.
    (demo.generatorChannels, demo.discriminatorChannels, demo.latent) = (16, 16, 128)
    demo.updates = .adam(2e-4, beta1: 0.5)
    demo.updates.averageDecay = 0.99
    return [
      Preset(
        name: "demo", summary: "a quarter of the width, for the embedded 32 px sets; our own numbers", options: demo,
        run: RunDefaults(batch: 64, steps: 6000)),
      Preset(
        name: "lsun112", summary: "112 px scenes as the paper, section 4.1, and xudonmao/LSGAN, train_lsun.py", options: LSGANOptions(),
        run: RunDefaults(batch: 64, steps: 1_000_000)),
    ]
  }
}
