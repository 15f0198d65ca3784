import Foundation
public import Tensors

/// Kullback-Leibler divergence, `∫ p ln(p/q)`: `f(u) = u ln u`, `g = v`, `f* = e^(v-1)`.
public struct KullbackLeibler: FDivergence {
  public static let card = member(
    "kl", "Kullback-Leibler divergence, which covers all modes", f: "u log u", activation: "v", conjugate: "exp(v - 1)")
  public var generator = GeneratorForm.nonSaturating
  /// The non-saturating generator.
  public init() {}
  public func activation(_ output: Tensor) -> Tensor { output }
  public func conjugate(_ output: Tensor) -> Tensor { (output - 1).exponential() }
  public func value(_ ratio: Double) -> Double { ratio == 0 ? 0 : ratio * log(ratio) }
  public func optimalOutput(_ ratio: Double) -> Double { 1 + log(ratio) }
}

/// Reverse Kullback-Leibler divergence, `∫ q ln(q/p)`: `f(u) = -ln u`, `g = -e⁻ᵛ`, `f* = -1 - ln(-t) = v - 1`.
public struct ReverseKullbackLeibler: FDivergence {
  public static let card = member(
    "reverse-kl", "reverse Kullback-Leibler divergence, which picks a mode", f: "-log u", activation: "-exp(-v)", conjugate: "v - 1")
  public var generator = GeneratorForm.nonSaturating
  /// The non-saturating generator.
  public init() {}
  public func activation(_ output: Tensor) -> Tensor { -(-output).exponential() }
  public func conjugate(_ output: Tensor) -> Tensor { output - 1 }
  public func value(_ ratio: Double) -> Double { -log(ratio) }
  public func optimalOutput(_ ratio: Double) -> Double { log(ratio) }
}

/// Jeffreys divergence, KL both ways: `f(u) = (u - 1) ln u`, `g = v`, `f* = W + 1/W + t - 2` with `W = LambertW(e^(1-t))`.
///
/// W itself over- and underflows. With `y = ln W`, which solves `eʸ + y = 1 - t`, the conjugate is `e⁻ʸ - y - 1`, without cancellation.
/// Newton's method on y comes from the right, where it cannot overshoot (`eʸ + y` is convex and grows): `y₀ = min(x, 0) + ln(1 + max(x, 0))`.
/// Six steps reach the accuracy of Float on ±100; the last two are recorded, so that derivatives up to the third are exact too.
public struct Jeffreys: FDivergence {
  public static let card = member(
    "jeffreys", "Kullback-Leibler divergence both ways", f: "(u - 1) log u", activation: "v",
    conjugate: "W + 1/W + v - 2, W = LambertW(exp(1 - v))")
  public var generator = GeneratorForm.nonSaturating
  /// The non-saturating generator.
  public init() {}
  public func activation(_ output: Tensor) -> Tensor { output }

  public func conjugate(_ output: Tensor) -> Tensor {
    let x = 1 - output
    let (point, above) = (x.detached, x.detached.rectified())
    var root = point - above + (1 + above).logarithm()
    for _ in 0..<4 { root = Self.improved(root, point) }
    for _ in 0..<2 { root = Self.improved(root, x) }
    return (-root).exponential() - root - 1
  }

  /// One step of Newton's method for `eʸ + y = x`.
  private static func improved(_ y: Tensor, _ x: Tensor) -> Tensor {
    let power = y.exponential()
    return y - (power + y - x) / (power + 1)
  }

  public func value(_ ratio: Double) -> Double { (ratio - 1) * log(ratio) }
  public func optimalOutput(_ ratio: Double) -> Double { log(ratio) + 1 - 1 / ratio }
}
