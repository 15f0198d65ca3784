public import Adversarial

/// Everything that can be set of a SAGAN.
public struct SAGANOptions: GameOptions {
  /// Which networks.
  public var form = Form.residual
  /// Base width; layers have multiples of it.
  public var channels = 64
  /// Size of z.
  public var latent = 128
  /// Image size after whose block both residual networks have self-attention; 0: none. The strided form has its own places.
  public var attention = 32
  /// What all large-batch models have.
  public var common = LargeBatchOptions()
  public var objective = Objective(Hinge(), criticSteps: 1)

  /// Which networks.
  public enum Form: String, OptionWord, Sendable {
    /// Residual blocks, as the paper.
    case residual
    /// 4x4 kernels of stride 2, as most tutorials; takes no labels.
    case strided
  }

  /// The paper's options.
  public init() {
    common.generatorLearningRate = 1e-4
    common.discriminatorLearningRate = 4e-4
    common.beta2 = 0.9
    common.averageDecay = 0
    common.initializer = .xavier
    common.spectralEpsilon = 1e-12
    common.batchNormEpsilon = 1e-5
  }

  public static var fields: [OptionField<Self>] {
    [
      .value("form", \.form, "networks: residual (the paper's) or strided (4x4 kernels, no labels)"),
      .value("channels", \.channels, "base width of both networks", in: 1...1024),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("attention", \.attention, "image size with self-attention, residual form; 0: none", in: 0...256),
    ] + LargeBatchOptions.fields(\.common)
  }

  public mutating func scaleLearningRates(by factor: Float) { common.scaleLearningRates(by: factor) }

  /// The residual form as the BigGAN that it is: z in the first layer alone, class tables in every norm.
  var residual: BigGANOptions {
    var options = BigGANOptions()
    options.channels = channels
    options.latent = latent
    options.hierarchical = false
    options.sharedEmbedding = 0
    options.attention = attention
    options.common = common
    options.objective = objective
    return options
  }

  public static var presets: [Preset<Self>] {
    var demo = SAGANOptions()
    demo.channels = 16
    demo.attention = 16
    demo.common = .demo
    demo.common.initializer = .xavier
    demo.common.beta2 = 0.9
    var strided = SAGANOptions()
    strided.form = .strided
    return [
      Preset(
        name: "demo", summary: "a small SAGAN for the embedded 32 px sets; our own numbers", options: demo,
        run: RunDefaults(batch: 64, steps: 2400)),
      Preset(
        name: "imagenet128",
        summary: "128 px as the paper, section 4, and brain-research/self-attention-gan: attention at 32, TTUR, batch 256",
        options: SAGANOptions(), run: RunDefaults(batch: 256, steps: 1_000_000)),
      Preset(
        name: "strided64",
        summary: "64 px, 4x4 kernels, no labels, as heykeetae/Self-Attention-GAN, with the paper's hinge loss and one critic update",
        options: strided, run: RunDefaults(batch: 64, steps: 1_000_000)),
    ]
  }
}
