public import Adversarial

/// Everything that can be set of a BigGAN-deep.
public struct BigGANDeepOptions: GameOptions {
  /// Base width `ch`; layers have multiples of it.
  public var channels = 128
  /// Size of z, which every block gets whole.
  public var latent = 128
  /// Width of the class embedding that is joined to z.
  public var sharedEmbedding = 128
  /// Image size at which both networks have self-attention; 0: none.
  public var attention = 64
  /// What all large-batch models have.
  public var common = LargeBatchOptions()
  public var objective = Objective(Hinge(), terms: [Orthogonal()], criticSteps: 2)

  /// The paper's options at 128 px.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("channels", \.channels, "base width ch of both networks", in: 1...1024),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("shared-embedding", \.sharedEmbedding, "width of the class embedding that is joined to z", in: 1...4096),
      .value("attention", \.attention, "image size with self-attention; 0: none", in: 0...256),
    ] + LargeBatchOptions.fields(\.common)
  }

  public mutating func scaleLearningRates(by factor: Float) { common.scaleLearningRates(by: factor) }

  public static var presets: [Preset<Self>] {
    var demo = BigGANDeepOptions()
    demo.channels = 32
    demo.latent = 64
    demo.sharedEmbedding = 32
    demo.attention = 16
    demo.common = .demo
    demo.objective = Objective(Hinge(), criticSteps: 1)
    var cifar = BigGANDeepOptions()
    cifar.attention = 16
    cifar.common.generatorLearningRate = 2e-4
    cifar.common.beta1 = 0.5
    cifar.common.averageStart = 1000
    cifar.objective = Objective(Hinge(), criticSteps: 5)
    cifar.common.spectralEpsilon = 1e-6
    var imagenet256 = BigGANDeepOptions()
    imagenet256.common.generatorLearningRate = 2.5e-5
    imagenet256.common.discriminatorLearningRate = 2.5e-5
    return [
      Preset(
        name: "demo", summary: "a small BigGAN-deep for the embedded 32 px sets; our own numbers", options: demo,
        run: RunDefaults(batch: 64, steps: 2400)),
      Preset(
        name: "cifar10", summary: "32 px: widths of google/compare_gan, training as StudioGAN, configs/CIFAR10/BigGAN-Deep.yaml",
        options: cifar, run: RunDefaults(batch: 64, steps: 100_000)),
      Preset(
        name: "imagenet128", summary: "128 px as the paper, appendices B and C: ch 128, batch 2048, 2 critic updates, TTUR",
        options: BigGANDeepOptions(), run: RunDefaults(batch: 2048, steps: 200_000)),
      Preset(
        name: "imagenet256", summary: "256 px as the paper, appendices B and C: as imagenet128 with 2.5e-5 in both networks",
        options: imagenet256, run: RunDefaults(batch: 2048, steps: 200_000)),
    ]
  }
}
