import Foundation
public import Tensors

/// α-divergence: `f(u) = (u^α - 1 - α (u - 1)) / (α (α - 1))`; KL and reverse KL are its limits at 1 and 0, Neyman and Pearson twice its members
/// at -1 and 2.
///
/// `f*(t) = ((t (α - 1) + 1)^(α/(α-1)) - 1) / α`. Below 1, `g = 1/(1 - α) - softplus(-v)`, and the power's base is `(1 - α) softplus(-v)`;
/// above 1, `g = v`, and the base is `max(v (α - 1) + 1, 0)`, since f is infinite for u < 0.
public struct AlphaDivergence: FDivergence {
  public static let card = member(
    "alpha", "alpha-divergence, below and above 1", f: "(u^a - 1 - a (u - 1)) / (a (a - 1))",
    activation: "1/(1 - a) - softplus(-v) for a < 1, v for a > 1", conjugate: "(b^(a/(a - 1)) - 1) / a, b = max((a - 1) g(v) + 1, 0)")
  /// Power α, neither 0 nor 1.
  public var alpha: Float = 0.5
  public var generator = GeneratorForm.nonSaturating
  /// α = ½, twice the squared Hellinger distance, and the non-saturating generator.
  public init() {}
  /// This α.
  public init(alpha: Float) { self.alpha = alpha }

  public static var fields: [OptionField<Self>] {
    [.value("alpha", \.alpha, "power of the density ratio, neither 0 (reverse-kl) nor 1 (kl)", in: -10...10), generatorField]
  }

  public func validate() throws {
    if alpha == 0 || alpha == 1 {
      throw OptionError("alpha:alpha=\(alpha): the limit at \(alpha) is --loss \(alpha == 0 ? "reverse-kl" : "kl")")
    }
  }

  public func activation(_ output: Tensor) -> Tensor { alpha > 1 ? output : 1 / (1 - alpha) - (-output).softplus() }

  public func conjugate(_ output: Tensor) -> Tensor {
    // Nearer to 0 than this the power is 0 in Float, and its logarithm would be infinite.
    let logarithm =
      alpha > 1
      ? (output * (alpha - 1) + 1).clamped(from: 1e-30, to: .greatestFiniteMagnitude).logarithm()
      : Self.logSoftplus(-output) + log(1 - alpha)
    return ((logarithm * (alpha / (alpha - 1))).exponential() - 1) * (1 / alpha)
  }

  /// `ln softplus(x)`; below -4 by its series in `w = eˣ`, `x - w/2 + 5w²/24 - w³/8`, whose slope has no factors that overflow.
  private static func logSoftplus(_ x: Tensor) -> Tensor {
    let joint: Float = -4
    let low = x.clamped(from: -.greatestFiniteMagnitude, to: joint)
    let w = low.exponential()
    let series = low + w * (w * (w * -0.125 + 5 / 24) - 0.5)
    let high = x.clamped(from: joint, to: .greatestFiniteMagnitude).softplus().logarithm()
    return series + (high - Float(log(log1p(exp(Double(joint))))))
  }

  public func value(_ ratio: Double) -> Double {
    let a = Double(alpha)
    return (pow(ratio, a) - 1 - a * (ratio - 1)) / (a * (a - 1))
  }
  public func optimalOutput(_ ratio: Double) -> Double {
    let a = Double(alpha)
    if a > 1 { return (pow(ratio, a - 1) - 1) / (a - 1) }
    let softplus = pow(ratio, a - 1) / (1 - a)
    return -(softplus > 30 ? softplus : log(expm1(softplus)))
  }
}
