public import Adversarial

/// Everything that can be set of an EBGAN.
///
/// The weight 0.1 of the pulling-away term is of the paper's section 2.4, as is its margin of 10 for digits of section 4.1; the margin of 80
/// for LSUN, of its appendix C, is quoted from memory and not checked against the text.
public struct EBGANOptions: GameOptions {
  /// What an energy is.
  public enum Energy: String, OptionWord, Sendable {
    /// `‖x - A(x)‖` over an image's numbers.
    case norm
    /// The mean of `(x - A(x))²` over them.
    case mean

    var unit: String {
      switch self {
      case .norm: "root of the sum of squares over an image's numbers"
      case .mean: "mean of squares over an image's numbers"
      }
    }
  }

  /// Width of the generator's last hidden layer.
  public var generatorChannels = 128
  /// Width of the autoencoder's first layer.
  public var discriminatorChannels = 64
  /// Size of z.
  public var latent = 100
  /// What an energy is.
  public var energy = Energy.norm
  /// How both networks are updated.
  public var updates = UpdateOptions.adam(2e-4, beta1: 0.5)
  public var objective = Self.game(margin: 80)

  /// The options of the paper's LSUN networks.
  public init() {}

  static func game(margin: Float) -> Objective {
    var loss = EnergyMargin()
    loss.margin = margin
    return Objective(loss, terms: [PullingAway()], criticSteps: 1)
  }

  public static var fields: [OptionField<Self>] {
    [
      .value("generator-channels", \.generatorChannels, "width of the generator's last hidden layer", in: 1...1024),
      .value("discriminator-channels", \.discriminatorChannels, "width of the autoencoder's first layer", in: 1...1024),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("energy", \.energy, "what an autoencoder's error is: norm (root of the sum of squares) or mean (of squares)"),
    ] + UpdateOptions.fields(\.updates)
  }

  public mutating func scaleLearningRates(by factor: Float) { updates.scaleLearningRates(by: factor) }

  public static var presets: [Preset<Self>] {
    var demo = EBGANOptions()
    demo.generatorChannels = 32
    demo.discriminatorChannels = 32
    demo.updates.averageDecay = 0.99
    // Half of what it costs an autoencoder to answer all digits or characters with their mean image.
    demo.objective = game(margin: 7)
    return [
      Preset(
        name: "demo", summary: "a small EBGAN-PT for the embedded 32 px sets; our own numbers", options: demo,
        run: RunDefaults(batch: 64, steps: 7000)),
      Preset(
        name: "lsun64", summary: "64 px, widths and margin 80 as the paper's LSUN bedrooms; step sizes as DCGAN's",
        options: EBGANOptions(), run: RunDefaults(batch: 64, steps: 100_000)),
    ]
  }
}
