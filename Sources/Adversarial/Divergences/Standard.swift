public import Tensors

/// The original game: critic `E softplus(-r) + E softplus(f)`, generator `-E softplus(f)`, so it minimises `E log(1 - D)`.
///
/// At the critic's optimum the value is `2 JS - 2 ln 2` with its sign turned. Saturates: its generator learns little from images that
/// the critic is sure of.
/// - Source: Goodfellow et al. 2014, eq. (1). https://arxiv.org/abs/1406.2661
public struct Minimax: Divergence {
  public static let card = EntryCard(
    name: "minimax", summary: "the original game; its generator minimises log(1 - D) and saturates",
    formula: "critic E softplus(-r) + E softplus(f), generator -E softplus(f)", paper: "Goodfellow et al. 2014, eq. (1)",
    link: "https://arxiv.org/abs/1406.2661")
  /// The loss has no parameters.
  public init() {}
  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor { (-real).softplus().mean() + fake.softplus().mean() }
  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor { -fake.softplus().mean() }
}

/// The original game with the non-saturating generator: critic `E softplus(-r) + E softplus(f)`, generator `E softplus(-f)`.
/// - Source: Goodfellow et al. 2014, eq. (1) and section 3. https://arxiv.org/abs/1406.2661
public struct NonSaturating: Divergence {
  public static let card = EntryCard(
    name: "non-saturating", summary: "the original game, its generator maximising log D instead of minimising log(1 - D)",
    formula: "critic E softplus(-r) + E softplus(f), generator E softplus(-f)",
    paper: "Goodfellow et al. 2014, eq. (1) and section 3", link: "https://arxiv.org/abs/1406.2661")
  /// The loss has no parameters.
  public init() {}
  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor { (-real).softplus().mean() + fake.softplus().mean() }
  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor { (-fake).softplus().mean() }
}
