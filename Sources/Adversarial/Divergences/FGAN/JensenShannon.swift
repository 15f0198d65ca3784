import Foundation
public import Tensors

/// Jensen-Shannon divergence, twice the usual one: `f(u) = -(u + 1) ln((1 + u)/2) + u ln u`, `g = ln 2 - softplus(-v)`, `f* = softplus(v) - ln 2`.
public struct JensenShannon: FDivergence {
  public static let card = member(
    "jensen-shannon", "Jensen-Shannon divergence (twice the usual one)", f: "u log u - (u + 1) log((u + 1) / 2)",
    activation: "log 2 - softplus(-v)", conjugate: "softplus(v) - log 2")
  public var generator = GeneratorForm.nonSaturating
  /// The non-saturating generator.
  public init() {}
  public func activation(_ output: Tensor) -> Tensor { Float(M_LN2) - (-output).softplus() }
  public func conjugate(_ output: Tensor) -> Tensor { output.softplus() - Float(M_LN2) }
  public func value(_ ratio: Double) -> Double { (ratio == 0 ? 0 : ratio * log(ratio)) - (ratio + 1) * log((ratio + 1) / 2) }
  public func optimalOutput(_ ratio: Double) -> Double { log(ratio) }
}

/// Jensen-Shannon divergence between shares π and 1 - π: `f(u) = π u ln u - (1 - π + π u) ln(1 - π + π u)`, `g = -π ln π - softplus(-v)`,
/// `f* = (1 - π) ln((1 - π) / (1 - π e^(t/π)))`.
///
/// With `g`, `π e^(t/π) = s(v)^(1/π)`, s the logistic function, and `1 - s(v)^(1/π) = s(-v) R(v)`, where R goes from 1 to 1/π: so the
/// conjugate is `(1 - π) (ln(1 - π) + softplus(v) - ln R(min(v, 15)))`. From v = 15 on ln R changes by less than `(1/π - 1) e⁻¹⁵/2`: 2e-7 at
/// π = ½, 1.5e-5 at π = 0.01, where the conjugate itself is above 10.
public struct WeightedJensenShannon: FDivergence {
  public static let card = member(
    "weighted-jensen-shannon", "Jensen-Shannon divergence with real images a share pi of the mixture",
    f: "pi u log u - (1 - pi + pi u) log(1 - pi + pi u)", activation: "-pi log pi - softplus(-v)",
    conjugate: "(1 - pi) log((1 - pi) / (1 - sigmoid(v)^(1/pi)))")
  /// Share π of real images.
  public var pi: Float = 0.5
  public var generator = GeneratorForm.nonSaturating
  /// Equal shares and the non-saturating generator.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [.value("pi", \.pi, "share of real images in the mixture", in: 0.01...0.99), generatorField]
  }

  public func activation(_ output: Tensor) -> Tensor { -pi * log(pi) - (-output).softplus() }

  public func conjugate(_ output: Tensor) -> Tensor {
    let low = output - (output - 15).rectified()
    let power = (-low).softplus() * (-1 / pi)
    // 1 - eˢ = tanh(-s/2) (1 + eˢ), which keeps its digits for s near 0.
    let share = (power * -0.5).hyperbolicTangent() * (power.exponential() + 1)
    let ratio = share.logarithm() + low.softplus()
    return (log(1 - pi) + output.softplus() - ratio) * (1 - pi)
  }

  public func value(_ ratio: Double) -> Double {
    let pi = Double(pi)
    let mixture = 1 - pi + pi * ratio
    return (ratio == 0 ? 0 : pi * ratio * log(ratio)) - mixture * log(mixture)
  }
  public func optimalOutput(_ ratio: Double) -> Double {
    let pi = Double(pi)
    return -log(expm1(pi * log((1 - pi + pi * ratio) / (pi * ratio))))
  }
}

/// The divergence of the original game, `2 JS - 2 ln 2`: `f(u) = u ln u - (u + 1) ln(u + 1)`, `g = -softplus(-v)`, `f* = softplus(v)`.
public struct OriginalGame: FDivergence {
  public static let card = member(
    "gan", "the original game as an f-divergence", f: "u log u - (u + 1) log(u + 1)", activation: "-softplus(-v)",
    conjugate: "softplus(v)")
  public var generator = GeneratorForm.nonSaturating
  /// The non-saturating generator.
  public init() {}
  public func activation(_ output: Tensor) -> Tensor { -(-output).softplus() }
  public func conjugate(_ output: Tensor) -> Tensor { output.softplus() }
  public func value(_ ratio: Double) -> Double { (ratio == 0 ? 0 : ratio * log(ratio)) - (ratio + 1) * log(ratio + 1) }
  public func optimalOutput(_ ratio: Double) -> Double { log(ratio) }
}
