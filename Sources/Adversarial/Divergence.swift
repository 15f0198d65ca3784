public import Tensors

/// A distance between the real and the generated distribution, as two losses of critic outputs.
///
/// `real` and `fake` are logits `[batch, 1]`; the results are scalars, means over the **global** batch (a sum over the batch axis of a
/// sharded tensor crosses the ranks by itself), so relativistic and pairwise forms need no further care.
public protocol Divergence: Sendable {
  /// Name on the command line.
  static var name: String { get }
  /// What the critic minimises.
  func criticLoss(real: Tensor, fake: Tensor) -> Tensor
  /// What the generator minimises.
  func generatorLoss(fake: Tensor) -> Tensor
}

/// Hinge loss: critic `E max(0, 1 - r) + E max(0, 1 + f)`, generator `-E f`.
/// - Source: Lim, Ye 2017, "Geometric GAN", eqs. (15), (16), https://arxiv.org/abs/1705.02894; in BigGAN: Brock et al. 2019, section 3.
public struct Hinge: Divergence {
  public static let name = "hinge"
  /// The loss has no parameters.
  public init() {}
  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor {
    (1 - real).rectified().mean() + (1 + fake).rectified().mean()
  }
  public func generatorLoss(fake: Tensor) -> Tensor { -fake.mean() }
}

/// The original game with the non-saturating generator: critic `E softplus(-r) + E softplus(f)`, generator `E softplus(-f)`.
/// - Source: Goodfellow et al. 2014, eq. (1) and section 3. https://arxiv.org/abs/1406.2661
public struct NonSaturating: Divergence {
  public static let name = "non-saturating"
  /// The loss has no parameters.
  public init() {}
  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor { (-real).softplus().mean() + fake.softplus().mean() }
  public func generatorLoss(fake: Tensor) -> Tensor { (-fake).softplus().mean() }
}
