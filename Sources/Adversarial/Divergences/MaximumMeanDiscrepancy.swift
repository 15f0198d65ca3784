import Kernels
public import Tensors

/// Squared maximum mean discrepancy of the critic's features: critic `-MMD²`, generator `MMD²`.
///
/// `MMD² = E_{i≠j} k(rᵢ, rⱼ) + E_{i≠j} k(fᵢ, fⱼ) - 2 E k(rᵢ, fⱼ)`, the unbiased estimate over all pairs of the **global** batch, for a
/// sum of kernels of several widths: rational quadratic `(1 + d²/2α)^-α` with α in 0.2, 0.5, 1, 2, 5, or Gaussian `exp(-d²/2σ²)` with σ in
/// 1, 2, 4, 8, 16, where `d² = ‖a - b‖² / scale²`.
///
/// The witness is `c(x) = E k(x, r) - E k(x, f)`, whose slope the second paper's penalty holds to 1.
/// - Source: Li et al. 2017, "MMD GAN", https://arxiv.org/abs/1705.08584 (Gaussian); Bińkowski et al. 2018, "Demystifying MMD GANs",
///   https://arxiv.org/abs/1801.01401 (rational quadratic); the estimate: Gretton et al. 2012, "A Kernel Two-Sample Test".
public struct MaximumMeanDiscrepancy: FeatureDivergence {
  /// The family of kernels.
  public enum Kernel: String, OptionWord, Sendable {
    case rational
    case gaussian
  }

  public static let card = EntryCard(
    name: "mmd", summary: "squared maximum mean discrepancy of the critic's features over all pairs of the batch",
    formula: "generator MMD^2 = E k(r, r') + E k(f, f') - 2 E k(r, f), critic -MMD^2; r and f are features",
    paper: "Li et al. 2017, MMD GAN; Binkowski et al. 2018, Demystifying MMD GANs", link: "https://arxiv.org/abs/1801.01401")
  /// The family of kernels.
  public var kernel = Kernel.rational
  /// What distances are divided by.
  public var scale: Float = 1

  /// Rational quadratic kernels.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("kernel", \.kernel, "family of kernels: rational or gaussian"),
      .value("scale", \.scale, "what distances of features are divided by", in: 1e-6...1e6),
    ]
  }

  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor { -discrepancy(real, fake) }
  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor { discrepancy(given(real), fake) }

  public func witness(_ features: Tensor, real: Tensor, fake: Tensor) -> Tensor {
    (similarity(features, real) - similarity(features, fake)).mean(axes: [1], keepingAxes: true)
  }

  private func discrepancy(_ real: Tensor, _ fake: Tensor) -> Tensor {
    let (r, f) = (real.gatheredBatch(), fake.gatheredBatch())
    let within = Pairwise.meanOffDiagonal(similarity(r, r)) + Pairwise.meanOffDiagonal(similarity(f, f))
    return within - similarity(r, f).mean() * 2
  }

  private func similarity(_ x: Tensor, _ y: Tensor) -> Tensor {
    let distances = Pairwise.squaredDistances(x, y)
    switch kernel {
    case .rational:
      return distances.sumOfPowers(
        [0.2, 0.5, 1, 2, 5].map { PowerTerm(factor: 1, scale: 1 / (2 * $0 * scale * scale), exponent: -$0) })
    case .gaussian:
      let kernels = [1, 2, 4, 8, 16].map { (distances * (-1 / (2 * $0 * $0 * scale * scale))).exponential() }
      return kernels.dropFirst().reduce(kernels[0], +)
    }
  }
}
