public import Tensors

/// Everything that is added to a game's losses, or acts on the images that its critic sees.
///
/// Values are scalars over the **global** batch, like a divergence's; what is the same on all ranks (a penalty on weights) enters once.
public protocol Term: CatalogEntry {
  /// Steps from one evaluation to the next; the value is then multiplied by it. Every term has this option.
  var every: Int { get set }
  /// What it reads of the critic beside logits.
  var needs: Set<CriticPart> { get }
  /// Whether it reads real images in the generator's phase.
  var generatorNeedsReal: Bool { get }
  /// Numbers that it carries from step to step.
  var state: [StateEntry] { get }
  /// Whether it holds each sample's own slope to something, which batch norm in a critic mixes with those of others.
  var readsSlopes: Bool { get }

  /// Whether it is undefined for an autoencoder's energies.
  var needsLogits: Bool { get }
  /// Whether it compares different images of one batch, and is undefined for a batch of one.
  var needsPairs: Bool { get }
  /// Whether it reads the classes of images, which only a game has whose generator takes classes.
  var needsClasses: Bool { get }
  /// The stream of further real images that it reads; nil for none.
  var stream: String? { get }

  /// What is added to the critic's loss; nil for nothing.
  func critic(_ step: GameStep) -> Tensor?
  /// What is added to the generator's loss; nil for nothing.
  func generator(_ step: GameStep) -> Tensor?
  /// The images that the critic sees in place of `images`, differentiable; called for every pass, in every step.
  func augmented(_ images: Tensor, _ pass: AugmentationPass) -> Tensor
}

extension Term {
  public static var commonFields: [OptionField<Self>] {
    [.value("every", \.every, "steps from one evaluation to the next, whose weight makes up for it", in: 1...100_000)]
  }
  public var needs: Set<CriticPart> { [] }
  public var generatorNeedsReal: Bool { false }
  public var state: [StateEntry] { [] }
  public var readsSlopes: Bool { false }
  public var needsLogits: Bool { false }
  public var needsPairs: Bool { false }
  public var needsClasses: Bool { false }
  public var stream: String? { nil }
  public func critic(_ step: GameStep) -> Tensor? { nil }
  public func generator(_ step: GameStep) -> Tensor? { nil }
  public func augmented(_ images: Tensor, _ pass: AugmentationPass) -> Tensor { images }
}
