import Foundation
public import Tensors

/// Total variation, `½ ∫ |p - q|`: `f(u) = |u - 1| / 2`, `g = tanh(v) / 2`.
public struct TotalVariation: FDivergence {
  public static let card = member(
    "total-variation", "half the area between the densities", f: "|u - 1| / 2", activation: "tanh(v) / 2", conjugate: "tanh(v) / 2")
  public var generator = GeneratorForm.nonSaturating
  /// The non-saturating generator.
  public init() {}
  public func activation(_ output: Tensor) -> Tensor { output.hyperbolicTangent() * 0.5 }
  public func conjugate(_ output: Tensor) -> Tensor { activation(output) }
  public func value(_ ratio: Double) -> Double { abs(ratio - 1) / 2 }
  public func optimalOutput(_ ratio: Double) -> Double { ratio == 1 ? 0 : ratio > 1 ? .infinity : -.infinity }
}

/// Pearson's χ², `∫ (p - q)² / q`: `f(u) = (u - 1)²`, `g = v`, `f* = v²/4 + v`.
public struct Pearson: FDivergence {
  public static let card = member(
    "pearson", "Pearson's chi-squared", f: "(u - 1)^2", activation: "v", conjugate: "v^2 / 4 + v")
  public var generator = GeneratorForm.nonSaturating
  /// The non-saturating generator.
  public init() {}
  public func activation(_ output: Tensor) -> Tensor { output }
  public func conjugate(_ output: Tensor) -> Tensor { output.squared() * 0.25 + output }
  public func value(_ ratio: Double) -> Double { (ratio - 1) * (ratio - 1) }
  public func optimalOutput(_ ratio: Double) -> Double { 2 * (ratio - 1) }
}

/// Neyman's χ², `∫ (p - q)² / p`: `f(u) = (1 - u)² / u`, `g = 1 - e⁻ᵛ`, `f* = 2 - 2 √(1 - t) = 2 - 2 e^(-v/2)`.
public struct Neyman: FDivergence {
  public static let card = member(
    "neyman", "Neyman's chi-squared", f: "(1 - u)^2 / u", activation: "1 - exp(-v)", conjugate: "2 - 2 exp(-v/2)")
  public var generator = GeneratorForm.nonSaturating
  /// The non-saturating generator.
  public init() {}
  public func activation(_ output: Tensor) -> Tensor { 1 - (-output).exponential() }
  public func conjugate(_ output: Tensor) -> Tensor { 2 - (output * -0.5).exponential() * 2 }
  public func value(_ ratio: Double) -> Double { (1 - ratio) * (1 - ratio) / ratio }
  public func optimalOutput(_ ratio: Double) -> Double { 2 * log(ratio) }
}

/// Squared Hellinger distance, `∫ (√p - √q)²`: `f(u) = (√u - 1)²`, `g = 1 - e⁻ᵛ`, `f* = t / (1 - t) = eᵛ - 1`.
public struct Hellinger: FDivergence {
  public static let card = member(
    "hellinger", "squared Hellinger distance", f: "(sqrt(u) - 1)^2", activation: "1 - exp(-v)", conjugate: "exp(v) - 1")
  public var generator = GeneratorForm.nonSaturating
  /// The non-saturating generator.
  public init() {}
  public func activation(_ output: Tensor) -> Tensor { 1 - (-output).exponential() }
  public func conjugate(_ output: Tensor) -> Tensor { output.exponential() - 1 }
  public func value(_ ratio: Double) -> Double { (ratio.squareRoot() - 1) * (ratio.squareRoot() - 1) }
  public func optimalOutput(_ ratio: Double) -> Double { log(ratio) / 2 }
}
