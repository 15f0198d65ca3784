public import Tensors

/// A distance between the real and the generated distribution, as two losses of critic outputs.
///
/// `real` and `fake` are what the critic gives, as `input` says; the results are scalars, means over the **global** batch (a sum over
/// the batch axis of a sharded tensor crosses the ranks by itself), so relativistic and pairwise forms need no further care.
public protocol Divergence: CatalogEntry {
  /// What it is a function of.
  var input: CriticReading { get }
  /// Whether the generator's loss reads the critic's output on real images.
  var generatorNeedsReal: Bool { get }
  /// Numbers that it carries from step to step.
  var state: [StateEntry] { get }
  /// The output above which a critic of logits takes an image for a real one; nil where it compares images with each other.
  var threshold: Float? { get }
  /// Whether it compares different images of one batch, and is undefined for a batch of one.
  var needsPairs: Bool { get }
  /// The number of its state that both networks' step sizes are multiplied by; nil for none.
  var pace: String? { get }

  /// What the critic minimises.
  func criticLoss(real: Tensor, fake: Tensor) -> Tensor
  /// The same, for a divergence with state, which it may change.
  func criticLoss(real: Tensor, fake: Tensor, _ state: GameState) -> Tensor
  /// What the generator minimises; `real` is nil unless `generatorNeedsReal`.
  func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor
}

extension Divergence {
  public var input: CriticReading { .logits }
  public var generatorNeedsReal: Bool { false }
  public var state: [StateEntry] { [] }
  public var threshold: Float? { 0 }
  public var needsPairs: Bool { false }
  public var pace: String? { nil }
  public func criticLoss(real: Tensor, fake: Tensor, _ state: GameState) -> Tensor { criticLoss(real: real, fake: fake) }

  /// The critic's output on real images, for a generator's loss that said it needs it.
  func given(_ real: Tensor?) -> Tensor {
    guard let real else { preconditionFailure("\(card.name): the generator's loss reads real images, and was given none") }
    return real
  }
}

/// A divergence of features, which compares images in pairs: what its critic says of a single image is a witness function.
///
/// The difference of its means over real and over generated images is what the critic's features are trained to make large. A logit of such
/// a critic is trained by nobody; so penalties on slopes, and every other term that reads what the critic says, read the witness.
public protocol FeatureDivergence: Divergence {
  /// `c(x)`, one number for each row of `features`, higher for more real images: `[rows, 1]`.
  /// - Parameters:
  ///   - features: of any images of the batch, `[rows, width]`.
  ///   - real: of all real images of the global batch, `[n, width]`, replicated.
  ///   - fake: of all generated ones.
  func witness(_ features: Tensor, real: Tensor, fake: Tensor) -> Tensor
}

extension FeatureDivergence {
  public var input: CriticReading { .features }
  public var generatorNeedsReal: Bool { true }
  public var threshold: Float? { nil }
  public var needsPairs: Bool { true }
}

/// What a divergence reads of a critic's output.
public enum CriticReading: String, Sendable {
  /// Any real numbers, higher for more real images: `[batch, 1]`, or one for each patch.
  case logits
  /// How badly an autoencoder restores the images, `[batch, 1]`, lower for more real ones.
  case energy
  /// Vectors `[batch, width]` that are compared in pairs over the global batch, by a `FeatureDivergence`.
  case features
}
