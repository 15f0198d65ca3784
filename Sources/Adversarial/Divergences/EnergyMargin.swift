public import Tensors

/// Energy with a margin: critic `E r + E max(0, margin - f)`, generator `E f`, for energies `[batch, 1]`.
///
/// The margin is in units of the critic's energy, a sum or a mean of squares: an autoencoder that gives the sum over an image of
/// 28·28 numbers needs a margin 784 times that of one that gives the mean. A run's header states the unit.
/// - Source: Zhao, Mathieu, LeCun 2017, "Energy-based Generative Adversarial Network", section 2. https://arxiv.org/abs/1609.03126
public struct EnergyMargin: Divergence {
  public static let card = EntryCard(
    name: "energy-margin", summary: "an autoencoder's energy, low on real images and up to a margin on generated ones; EBGAN",
    formula: "critic E r + E max(0, margin - f), generator E f; r and f are energies",
    paper: "Zhao, Mathieu, LeCun 2017, Energy-based GAN, section 2",
    link: "https://arxiv.org/abs/1609.03126")
  /// Energy above which generated images are left alone.
  public var margin: Float = 10

  /// A margin of 10.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [.value("margin", \.margin, "energy above which generated images are left alone, in the critic's unit", in: 1e-6...1e9)]
  }

  public var input: CriticReading { .energy }
  public var threshold: Float? { nil }
  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor { real.mean() + (margin - fake).rectified().mean() }
  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor { fake.mean() }
}
