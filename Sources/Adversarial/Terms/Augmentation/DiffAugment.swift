public import Tensors

/// The critic sees every image, real and generated, in both phases, through random differentiable changes: colour, translation, cutout.
///
/// So the critic cannot learn a small data set by heart, and the changes do not leak into what the generator makes. See
/// `ImageAugmentation` for the changes.
/// - Source: Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training". https://arxiv.org/abs/2006.10738
public struct DiffAugment: Term {
  public static let card = EntryCard(
    name: "diff-augment", summary: "the critic sees all images through random changes of colour, place and parts; for small data",
    formula: "D(T(x)) and D(T(G(z))) in place of D(x) and D(G(z)) in both phases, T random and differentiable",
    paper: "Zhao et al. 2020, Differentiable Augmentation for Data-Efficient GAN Training", link: "https://arxiv.org/abs/2006.10738")
  /// The changes.
  var augmentation = ImageAugmentation()
  public var every = 1

  /// Colour, translation by an eighth, cutout of a half: the paper's strongest policy.
  public init() {}

  public static var fields: [OptionField<Self>] { ImageAugmentation.fields(\.augmentation) }

  public func augmented(_ images: Tensor, _ pass: AugmentationPass) -> Tensor {
    augmentation(images, ImageDraws(like: images, pass.key))
  }
}
