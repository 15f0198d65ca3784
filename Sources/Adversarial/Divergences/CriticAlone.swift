public import Tensors

/// Half of the original critic's loss, `(E softplus(-r) + E softplus(f)) / 2`, and none for the generator, which learns by terms alone.
///
/// With the logit `r = ln Σ eˡ` of a critic's K class logits l, its softmax over K classes and "generated" whose logit is 0, this is the
/// unlabelled part of a semi-supervised critic's loss; its generator matches features.
/// - Source: Salimans et al. 2016, "Improved Techniques for Training GANs", section 5; the half and the generator's loss as the authors' code,
///   openai/improved-gan, train_cifar_feature_matching.py. https://arxiv.org/abs/1606.03498
public struct CriticAlone: Divergence {
  public static let card = EntryCard(
    name: "critic-alone", summary: "half of the original critic's loss, none for the generator, which learns by terms; SemiGAN",
    formula: "critic (E softplus(-r) + E softplus(f)) / 2, generator 0",
    paper: "Salimans et al. 2016, Improved Techniques for Training GANs, section 5", link: "https://arxiv.org/abs/1606.03498")
  /// The loss has no parameters.
  public init() {}
  // Where the critic stands says nothing about what such a generator learns.
  public var threshold: Float? { nil }
  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor { ((-real).softplus().mean() + fake.softplus().mean()) * 0.5 }
  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor { fake.mean() * 0 }
}
