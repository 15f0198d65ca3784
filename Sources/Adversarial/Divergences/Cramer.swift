public import Tensors

/// Cramér distance of the critic's features h: energy distance, over all pairs of the **global** batch.
///
/// Generator `2 E‖r - f‖ - E_{i≠j}‖fᵢ - fⱼ‖`, the energy distance without the part that it cannot change; critic `E c(f) - E c(r)` with the
/// surrogate `c(x) = E_j ‖x - fⱼ‖ - ‖x‖`, which needs no second real image; c is the witness, whose slope the paper's penalty holds to 1. The
/// paper takes one pair for each expectation. Lengths are `√(d² + 10⁻⁸)`, whose slope is finite at 0; at generated images, where a length is
/// 0, the witness is nearly kinked, so penalise its slope elsewhere.
/// - Source: Bellemare et al. 2017, "The Cramer Distance as a Solution to Biased Wasserstein Gradients", the losses of the Cramér GAN.
///   https://arxiv.org/abs/1705.10743
public struct Cramer: FeatureDivergence {
  public static let card = EntryCard(
    name: "cramer", summary: "energy distance of the critic's features; as Wasserstein it needs a Lipschitz critic, as by gradient-penalty",
    formula: "generator 2 E|r - f| - E|f - f'|, critic E c(f) - E c(r), c(x) = E|x - f| - |x|; r and f are features",
    paper: "Bellemare et al. 2017, The Cramer Distance, the losses of the Cramer GAN", link: "https://arxiv.org/abs/1705.10743")
  /// The loss has no parameters.
  public init() {}

  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor {
    let (across, within) = distances(real, fake)
    return within - Self.lengths(fake) - across + Self.lengths(real)
  }

  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor {
    let (across, within) = distances(given(real), fake)
    return across * 2 - within
  }

  public func witness(_ features: Tensor, real: Tensor, fake: Tensor) -> Tensor {
    let away = Self.root(Pairwise.squaredDistances(features, fake)).mean(axes: [1], keepingAxes: true)
    return away - Self.root(features.squared().sum(axes: [1], keepingAxes: true))
  }

  private func distances(_ real: Tensor, _ fake: Tensor) -> (across: Tensor, within: Tensor) {
    let (r, f) = (real.gatheredBatch(), fake.gatheredBatch())
    return (
      Self.root(Pairwise.squaredDistances(r, f)).mean(), Pairwise.meanOffDiagonal(Self.root(Pairwise.squaredDistances(f, f)))
    )
  }

  /// `E‖x‖`.
  private static func lengths(_ x: Tensor) -> Tensor { root(x.squared().sum(axes: [1])).mean() }

  private static func root(_ squares: Tensor) -> Tensor { (squares + 1e-8).squareRoot() }
}
