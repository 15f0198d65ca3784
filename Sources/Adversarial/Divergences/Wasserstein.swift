public import Tensors

/// Wasserstein-1 by duality: critic `E f - E r`, generator `-E f`, for a critic that is held to be Lipschitz by a term or constraint.
/// - Source: Arjovsky, Chintala, Bottou 2017, "Wasserstein GAN", algorithm 1. https://arxiv.org/abs/1701.07875
public struct Wasserstein: Divergence {
  public static let card = EntryCard(
    name: "wasserstein", summary: "difference of means; needs a Lipschitz critic: a gradient penalty, clipping or spectral norm",
    formula: "critic E f - E r, generator -E f", paper: "Arjovsky, Chintala, Bottou 2017, Wasserstein GAN, algorithm 1",
    link: "https://arxiv.org/abs/1701.07875")
  /// The loss has no parameters.
  public init() {}
  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor { fake.mean() - real.mean() }
  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor { -fake.mean() }
}
