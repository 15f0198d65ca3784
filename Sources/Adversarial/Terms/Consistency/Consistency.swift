public import Tensors

/// What the critic says of a real image must not change when the image is shifted and flipped: `λ E(D(x) - D(T(x)))²`.
///
/// T shifts by up to `shift` of the image's size in both directions, zeros coming in, and mirrors every second image.
/// - Source: Zhang et al. 2020, "Consistency Regularization for Generative Adversarial Networks", λ = 10. https://arxiv.org/abs/1910.12027
public struct Consistency: Term {
  public static let card = EntryCard(
    name: "consistency", summary: "the critic must not mind shifts and flips of real images; CR-GAN",
    formula: "critic: strength * E (D(x) - D(T(x)))^2, T a random shift and flip",
    paper: "Zhang et al. 2020, Consistency Regularization for GANs", link: "https://arxiv.org/abs/1910.12027")
  /// Weight λ.
  public var strength: Float = 10
  /// How images are changed.
  var change = ShiftAndFlip()
  public var every = 1

  /// The paper's weight.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [.value("strength", \.strength, "weight of the penalty", in: 0...1e6)] + ShiftAndFlip.fields(\.change)
  }

  public func critic(_ step: GameStep) -> Tensor? {
    change.difference(step, step.real, "real", step.real.images).squared().mean() * strength
  }
}

/// The same of real and of generated images: `λ_real E(D(x) - D(T(x)))² + λ_fake E(D(G(z)) - D(T(G(z))))²`.
/// - Source: Zhao et al. 2021, "Improved Consistency Regularization for GANs", bCR, both weights 10. https://arxiv.org/abs/2002.04724
public struct BalancedConsistency: Term {
  public static let card = EntryCard(
    name: "balanced-consistency", summary: "the critic must not mind shifts and flips of real and generated images; bCR",
    formula: "critic: real * E (D(x) - D(T(x)))^2 + fake * E (D(G(z)) - D(T(G(z))))^2, T a random shift and flip",
    paper: "Zhao et al. 2021, Improved Consistency Regularization for GANs, bCR", link: "https://arxiv.org/abs/2002.04724")
  /// Weight of real images.
  public var real: Float = 10
  /// Weight of generated images.
  public var fake: Float = 10
  /// How images are changed.
  var change = ShiftAndFlip()
  public var every = 1

  /// The paper's weights.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("real", \.real, "weight of real images", in: 0...1e6),
      .value("fake", \.fake, "weight of generated images", in: 0...1e6),
    ] + ShiftAndFlip.fields(\.change)
  }

  public func critic(_ step: GameStep) -> Tensor? {
    let real = change.difference(step, step.real, "real", step.real.images).squared().mean() * real
    return real + change.difference(step, step.fake, "fake", step.fake.images.detached).squared().mean() * fake
  }
}

/// The change of images that consistency is asked for.
struct ShiftAndFlip: Sendable {
  /// Largest shift, as a part of the image's size.
  var shift: Float = 0.125
  /// Whether every second image is mirrored.
  var flips = true

  static func fields<Options>(_ path: WritableKeyPath<Options, Self>) -> [OptionField<Options>] {
    [
      .value("shift", path.appending(path: \.shift), "largest shift, as a part of the image's size", in: 0...1),
      .value("flip", path.appending(path: \.flips), "whether images are mirrored at random"),
    ]
  }

  /// `D(x) - D(T(x))`, with the critic's first answer taken from the game.
  func difference(_ step: GameStep, _ kind: GameImages, _ purpose: String, _ images: Tensor) -> Tensor {
    let draws = ImageDraws(like: images, step.key("change of \(purpose) images"))
    let (height, width) = (images.shape[1], images.shape[2])
    let rows = draws.integers(0, in: largest(height))
    let columns = draws.integers(1, in: largest(width))
    let flipped = flips ? draws[2].map { $0 < 0.5 } : draws[2].map { _ in false }
    let changed = images.shifted(rows: rows, columns: columns, mirrored: flipped)
    return kind.output.logits - step.criticize(changed, kind.labels).logits
  }

  private func largest(_ size: Int) -> ClosedRange<Int> {
    let bound = Int(Float(size) * shift + 0.5)
    return -bound...bound
  }
}
