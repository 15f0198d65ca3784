public import Adversarial

/// Everything that can be set of a BEGAN.
public struct BEGANOptions: GameOptions {
  /// Width n of all layers of the decoder, and of the encoder's first size.
  public var channels = 128
  /// Size of z, and of the autoencoder's code.
  public var latent = 64
  /// How both networks are updated.
  public var updates = UpdateOptions.adam(1e-4, beta1: 0.5)
  public var objective = Self.game(gamma: 0.5, patience: 20_000)

  /// The paper's options at 64 px.
  public init() {}

  static func game(gamma: Float, lambda: Float = 0.001, patience: Int) -> Objective {
    var loss = Equilibrium()
    (loss.gamma, loss.lambda, loss.patience) = (gamma, lambda, patience)
    return Objective(loss, criticSteps: 1)
  }

  public static var fields: [OptionField<Self>] {
    [
      .value("channels", \.channels, "width of all layers of the decoder, and of the encoder's first size", in: 1...1024),
      .value("latent", \.latent, "size of z, and of the autoencoder's code", in: 1...4096),
    ] + UpdateOptions.fields(\.updates)
  }

  public mutating func scaleLearningRates(by factor: Float) { updates.scaleLearningRates(by: factor) }

  /// Sizes of layers, from 8x8 to the image.
  static func scales(_ data: DataFormat) -> Int { data.height.trailingZeroBitCount - 2 }

  public static var presets: [Preset<Self>] {
    var demo = BEGANOptions()
    demo.channels = 32
    demo.updates = .adam(3e-4, beta1: 0.5)
    demo.updates.averageDecay = 0.99
    // k rises ten times as fast as the paper's, whose runs are a hundred times as long.
    demo.objective = game(gamma: 0.7, lambda: 0.01, patience: 4000)
    return [
      Preset(
        name: "demo", summary: "a small BEGAN for the embedded 32 px sets; our own numbers", options: demo,
        run: RunDefaults(batch: 16, steps: 8000)),
      Preset(
        name: "paper", summary: "64 px as the paper, sections 3.4 and 4.1: n 128, z and code 64, gamma 0.5, batch 16",
        options: BEGANOptions(), run: RunDefaults(batch: 16, steps: 250_000)),
    ]
  }
}
