public import Tensors

/// Least squares: critic `½ E(r - b)² + ½ E(f - a)²`, generator `½ E(f - c)²`.
///
/// `a=0,b=1,c=1` is the usual setting; with `b - c = 1` and `b - a = 2`, as `a=-1,b=1,c=0`, the generator minimises Pearson's χ² between
/// `p + q` and `2q` at the critic's optimum.
/// - Source: Mao et al. 2017, "Least Squares Generative Adversarial Networks", section 3. https://arxiv.org/abs/1611.04076
public struct LeastSquares: Divergence {
  public static let card = EntryCard(
    name: "least-squares", summary: "squares around targets a, b, c; a=-1,b=1,c=0 is Pearson's chi-squared",
    formula: "critic (E(r - b)^2 + E(f - a)^2) / 2, generator E(f - c)^2 / 2",
    paper: "Mao et al. 2017, Least Squares GANs, section 3", link: "https://arxiv.org/abs/1611.04076")
  /// The critic's target on generated images.
  public var a: Float = 0
  /// The critic's target on real images.
  public var b: Float = 1
  /// The generator's target.
  public var c: Float = 1

  /// The usual targets 0, 1, 1.
  public init() {}

  /// These targets.
  public init(a: Float, b: Float, c: Float) { (self.a, self.b, self.c) = (a, b, c) }

  public static var fields: [OptionField<Self>] {
    [
      .value("a", \.a, "the critic's target on generated images"), .value("b", \.b, "the critic's target on real images"),
      .value("c", \.c, "the generator's target"),
    ]
  }

  public func validate() throws {
    if a >= b { throw OptionError("least-squares: a is \(a) and b is \(b); the target b on real images must be above a") }
  }

  public var threshold: Float? { (a + b) / 2 }
  public func criticLoss(real: Tensor, fake: Tensor) -> Tensor {
    (real - b).squared().mean() * 0.5 + (fake - a).squared().mean() * 0.5
  }
  public func generatorLoss(real: Tensor?, fake: Tensor) -> Tensor { (fake - c).squared().mean() * 0.5 }
}
