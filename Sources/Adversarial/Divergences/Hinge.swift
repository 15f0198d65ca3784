public import Tensors

/// Hinge loss: critic `E max(0, 1 - r) + E max(0, 1 + f)`, generator `-E f`.
/// - Source: Lim, Ye 2017, "Geometric GAN", eqs. (15), (16), https://arxiv.org/abs/1705.02894; also Miyato et al. 2018,
///   eqs. (16), (17), https://arxiv.org/abs/1802.05957; in BigGAN: Brock et al. 2019, section 3.
public struct Hinge: Divergence {
  public static let card = EntryCard(
    name: "hinge", summary: "margins of 1 on both sides; the loss of SAGAN and BigGAN",
    formula: "critic E max(0, 1 - r) + E max(0, 1 + f), generator -E f", paper: "Lim, Ye 2017, Geometric GAN, eqs. (15), (16)",
    link: "https://arxiv.org/abs/1705.02894")
  /// The loss has no parameters.
  public init() {}
  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor {
    (1 - real).rectified().mean() + (1 + fake).rectified().mean()
  }
  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor { -fake.mean() }
}
