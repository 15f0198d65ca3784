public import Adversarial

/// Everything that can be set of a DCGAN.
public struct DCGANOptions: GameOptions {
  /// Width of the generator's last hidden layer.
  public var generatorChannels = 64
  /// Width of the critic's first layer.
  public var discriminatorChannels = 64
  /// Size of z.
  public var latent = 100
  /// Side of the strided kernels: 4 or 5.
  public var kernel = 4
  /// Adam's step size of both networks.
  public var learningRate: Float = 2e-4
  /// Adam's β₁.
  public var beta1: Float = 0.5
  /// Adam's β₂.
  public var beta2: Float = 0.999
  /// Decay of the generator's weight average, which samples come from; 0: the weights themselves.
  public var averageDecay: Float = 0
  public var objective = Objective(NonSaturating(), criticSteps: 1)

  /// The default options.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("generator-channels", \.generatorChannels, "width of the generator's last hidden layer", in: 1...1024),
      .value("discriminator-channels", \.discriminatorChannels, "width of the critic's first layer", in: 1...1024),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("kernel", \.kernel, "side of the strided kernels", in: 4...5),
      .value("lr", \.learningRate, "Adam's step size", in: 0...1),
      .value("beta1", \.beta1, "Adam's decay of the first moment", in: 0...0.9999),
      .value("beta2", \.beta2, "Adam's decay of the second moment", in: 0...0.99999),
      .value("average-decay", \.averageDecay, "decay of the generator's weight average; 0: none", in: 0...0.99999),
    ]
  }

  public mutating func scaleLearningRates(by factor: Float) { learningRate *= factor }

  public static var presets: [Preset<Self>] {
    var demo = DCGANOptions()
    demo.generatorChannels = 32
    demo.discriminatorChannels = 32
    demo.averageDecay = 0.995
    var paper = DCGANOptions()
    paper.generatorChannels = 128
    paper.discriminatorChannels = 128
    paper.kernel = 5
    return [
      Preset(
        name: "demo", summary: "a small DCGAN for the embedded 32 px sets; our own numbers", options: demo,
        run: RunDefaults(batch: 64, steps: 3000)),
      Preset(
        name: "tutorial", summary: "64 px, 4x4 kernels, 64 channels: the form most tutorials use", options: DCGANOptions(),
        run: RunDefaults(batch: 128, steps: 25_000)),
      Preset(
        name: "paper", summary: "64 px as the authors' code (Newmu/dcgan_code, faces/train_uncond_dcgan.py): 5x5 kernels, 128 channels",
        options: paper, run: RunDefaults(batch: 128, steps: 65_000)),
    ]
  }
}
