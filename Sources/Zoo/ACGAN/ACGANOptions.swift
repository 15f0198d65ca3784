public import Adversarial

/// Everything that can be set of an ACGAN.
public struct ACGANOptions: GameOptions {
  /// Width of the generator's last hidden layer.
  public var generatorChannels = 96
  /// Width of the critic's first layer; each of its six layers has twice the width of the one before.
  public var discriminatorChannels = 16
  /// Size of z, without the class.
  public var latent = 100
  /// Share of numbers that are left out after each of the critic's layers.
  public var dropout: Float = 0.5
  /// How both networks are updated.
  public var updates = UpdateOptions.adam(2e-4, beta1: 0.5)
  public var objective = Objective(NonSaturating(), terms: [AuxiliaryClass()], criticSteps: 1)

  /// The paper's options for CIFAR-10.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("generator-channels", \.generatorChannels, "width of the generator's last hidden layer", in: 1...1024),
      .value("discriminator-channels", \.discriminatorChannels, "width of the critic's first of six layers, which double it", in: 1...256),
      .value("latent", \.latent, "size of z, without the class", in: 1...4096),
      .value("dropout", \.dropout, "share of numbers left out after each of the critic's layers", in: 0...0.95),
    ] + UpdateOptions.fields(\.updates)
  }

  public mutating func scaleLearningRates(by factor: Float) { updates.scaleLearningRates(by: factor) }

  public static var presets: [Preset<Self>] {
    var demo = ACGANOptions()
    demo.generatorChannels = 32
    demo.dropout = 0.3
    demo.updates.averageDecay = 0.99
    return [
      Preset(
        name: "demo", summary: "a small ACGAN for labelled 32 px sets; our own numbers", options: demo,
        run: RunDefaults(batch: 64, steps: 3000)),
      Preset(
        name: "cifar10", summary: "32 px as the paper, appendix A, table 2: batch 100", options: ACGANOptions(),
        run: RunDefaults(batch: 100, steps: 50_000)),
    ]
  }
}
