import COpenBLAS

/// Exponential, logarithm, hyperbolic tangent and the circle functions on sixteen numbers at once.
///
/// Maximal relative errors, measured against Double over the whole range: exponential 1.2e-7, logarithm 1.2e-7, hyperbolic tangent 2.5e-7.
/// Coefficients: Cephes library, `expf.c`, `logf.c`, `tanhf.c`, `sinf.c` (Moshier 1992), https://www.netlib.org/cephes/
typealias Bits = SIMD16<Int32>

@inline(__always)
private func asBits(_ x: Lane) -> Bits { unsafeBitCast(x, to: Bits.self) }

@inline(__always)
private func asLane(_ x: Bits) -> Lane { unsafeBitCast(x, to: Lane.self) }

/// Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, which then sits in the low bits.
private let roundingShift: Float = 12_582_912

/// `x - n ln 2` for |x - n ln 2| up to about 0.35, with ln 2 in two parts.
@inline(__always)
private func exponentialRemainder(_ x: Lane, _ n: Lane) -> Lane {
  x.addingProduct(n, Lane(repeating: -0.693_359_375)).addingProduct(n, Lane(repeating: 2.121_944_4e-4))
}

/// `e^r` for |r| up to half of ln 2.
@inline(__always)
private func exponentialPolynomial(_ r: Lane) -> Lane {
  var p = Lane(repeating: 1.987_569_15e-4)
  p = Lane(repeating: 1.398_199_950_7e-3).addingProduct(p, r)
  p = Lane(repeating: 8.333_451_907_3e-3).addingProduct(p, r)
  p = Lane(repeating: 4.166_579_589_4e-2).addingProduct(p, r)
  p = Lane(repeating: 1.666_666_545_9e-1).addingProduct(p, r)
  p = Lane(repeating: 5.000_000_120_1e-1).addingProduct(p, r)
  return (r + 1).addingProduct(p, r * r)
}

/// `e^x`; 0 below -103.98, infinite above 88.73, NaN for NaN.
@inline(__always)
func exponential(_ x: Lane) -> Lane {
  let bounded = x.replacing(with: 89, where: x .> 89).replacing(with: -104, where: x .< -104)
  let shifted = Lane(repeating: roundingShift).addingProduct(bounded, Lane(repeating: 1.442_695_040_888_963))
  let n = shifted - roundingShift
  let power = asBits(shifted) &- Bits(repeating: 0x4b40_0000)
  let p = exponentialPolynomial(exponentialRemainder(bounded, n))
  // Two factors, since 2^n itself may be out of range where the product is not.
  let half = power &>> 1
  let rest = power &- half
  let result = p * asLane((half &+ 127) &<< 23) * asLane((rest &+ 127) &<< 23)
  return result.replacing(with: x, where: x .!= x)
}

/// `2^x` for x up to 127, as shares of attention have it at most 0 but for rounding: 2^-126 below -126, NaN for NaN. Error: 1.7e-7.
///
/// Polynomial of smallest relative error on [-1/2, 1/2] that is 1 at 0. Half the operations of `exponential`: no logarithm of 2 is taken off
/// in two parts, and one power of two is enough in this range.
@inline(__always)
func powerOfTwo(_ x: Lane) -> Lane {
  let bounded = x.replacing(with: -126, where: x .< -126)
  let shifted = bounded + (roundingShift + 127)
  let r = bounded - (shifted - (roundingShift + 127))
  var p = Lane(repeating: 1.326_472_7e-3)
  p = Lane(repeating: 9.671_513e-3).addingProduct(p, r)
  p = Lane(repeating: 5.550_733_6e-2).addingProduct(p, r)
  p = Lane(repeating: 2.402_224_2e-1).addingProduct(p, r)
  p = Lane(repeating: 6.931_47e-1).addingProduct(p, r)
  p = Lane(repeating: 1).addingProduct(p, r)
  // The low bits of `shifted` are the exponent, whose bias was added with the shift.
  return p * asLane(asBits(shifted) &<< 23)
}

/// `log₂ e`: `e^x = 2^(x log₂ e)`.
let binaryLogarithmOfE: Float = 1.442_695_040_888_963

/// `ln x`; minus infinity for 0, NaN for negative numbers and NaN.
@inline(__always)
func logarithm(_ x: Lane) -> Lane {
  let tiny = x .< Float.leastNormalMagnitude
  let scaled = x.replacing(with: x * 8_388_608, where: tiny)
  var exponent = (asBits(scaled) &- 0x3f35_04f3) &>> 23
  let m = asLane(asBits(scaled) &- (exponent &<< 23))
  exponent.replace(with: exponent &- 23, where: tiny)
  let e = asLane(exponent &+ 0x4b40_0000) - roundingShift
  let f = m - 1
  let z = f * f
  var p = Lane(repeating: 7.037_683_629_2e-2)
  p = Lane(repeating: -1.151_461_031_0e-1).addingProduct(p, f)
  p = Lane(repeating: 1.167_699_874_0e-1).addingProduct(p, f)
  p = Lane(repeating: -1.242_014_084_6e-1).addingProduct(p, f)
  p = Lane(repeating: 1.424_932_278_7e-1).addingProduct(p, f)
  p = Lane(repeating: -1.666_805_766_5e-1).addingProduct(p, f)
  p = Lane(repeating: 2.000_071_476_5e-1).addingProduct(p, f)
  p = Lane(repeating: -2.499_999_399_3e-1).addingProduct(p, f)
  p = Lane(repeating: 3.333_333_117_4e-1).addingProduct(p, f)
  var y = f * z * p
  y = y.addingProduct(e, Lane(repeating: -2.121_944_4e-4))
  y = y.addingProduct(z, Lane(repeating: -0.5))
  var result = (f + y).addingProduct(e, Lane(repeating: 0.693_359_375))
  result.replace(with: -Float.infinity, where: x .== 0)
  result.replace(with: Float.nan, where: x .< 0)
  return result.replacing(with: x, where: (x .!= x) .| (x .== Float.infinity))
}

/// `ln(1 + t)` for `t > -1`, without the cancellation of `ln(1 + t)` near 0.
@inline(__always)
func logarithmOnePlus(_ t: Lane) -> Lane {
  let w = t + 1
  let correction = (t - (w - 1)) / w
  return logarithm(w) + correction
}

/// `x^exponent` for x > 0: by products and a root where twice the exponent is a whole number up to 16, else by logarithm and exponential,
/// whose relative error grows with `|exponent ln x|`.
@inline(__always)
func power(_ x: Lane, _ exponent: Float) -> Lane {
  let doubled = abs(exponent) * 2
  guard doubled <= 16, doubled == doubled.rounded(.down) else { return exponential(logarithm(x) * exponent) }
  var product = Int(doubled) & 1 == 0 ? Lane(repeating: 1) : squareRoot(x)
  for _ in 0..<(Int(doubled) / 2) { product *= x }
  return exponent < 0 ? 1 / product : product
}

/// `tanh x`.
@inline(__always)
func hyperbolicTangent(_ x: Lane) -> Lane {
  let sign = asBits(x) & Bits(repeating: Int32.min)
  let magnitude = asLane(asBits(x) & Bits(repeating: Int32.max))
  let large = 1 - 2 / (exponential(magnitude + magnitude) + 1)
  let z = x * x
  var p = Lane(repeating: -5.704_988_727_45e-3)
  p = Lane(repeating: 2.063_908_879_54e-2).addingProduct(p, z)
  p = Lane(repeating: -5.373_971_555_31e-2).addingProduct(p, z)
  p = Lane(repeating: 1.333_144_175_69e-1).addingProduct(p, z)
  p = Lane(repeating: -3.333_328_194_22e-1).addingProduct(p, z)
  let small = x.addingProduct(x * z, p)
  return asLane(asBits(large) | sign).replacing(with: small, where: magnitude .< 0.625)
}

/// `1 / (1 + e^-x)`; the exponential is only taken of negative numbers, so nothing overflows.
@inline(__always)
func sigmoid(_ x: Lane) -> Lane {
  let t = exponential(asLane(asBits(x) | Bits(repeating: Int32.min)))
  let denominator = t + 1
  return (1 / denominator).replacing(with: t / denominator, where: x .< 0)
}

/// `ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|)`.
@inline(__always)
func softplus(_ x: Lane) -> Lane {
  let t = exponential(asLane(asBits(x) | Bits(repeating: Int32.min)))
  return logarithmOnePlus(t) + x.replacing(with: 0, where: x .< 0)
}

/// `√x`, correctly rounded.
@inline(__always)
func squareRoot(_ x: Lane) -> Lane { cblas_square_roots(x) }

/// Sine and cosine of `2π · turns`, for turns in [0, 1].
@inline(__always)
func circle(turns: Lane) -> (sine: Lane, cosine: Lane) {
  // The nearest quarter turn is taken off exactly; what is left lies within an eighth of a turn.
  let quarters = turns * 4
  let shifted = quarters + roundingShift
  let quadrant = asBits(shifted) & 3
  let angle = (quarters - (shifted - roundingShift)) * Float.pi * 0.5
  let z = angle * angle
  var s = Lane(repeating: -1.951_529_589_1e-4)
  s = Lane(repeating: 8.332_160_873_6e-3).addingProduct(s, z)
  s = Lane(repeating: -1.666_665_461_1e-1).addingProduct(s, z)
  s = angle.addingProduct(angle * z, s)
  var c = Lane(repeating: 2.443_315_711_8e-5)
  c = Lane(repeating: -1.388_731_625_5e-3).addingProduct(c, z)
  c = Lane(repeating: 4.166_664_568_3e-2).addingProduct(c, z)
  c = Lane(repeating: 1).addingProduct(z, Lane(repeating: -0.5)).addingProduct(z * z, c)
  let odd = (quadrant & 1) .== 1
  let sine = asBits(s.replacing(with: c, where: odd)) ^ ((quadrant & 2) &<< 30)
  let cosine = asBits(c.replacing(with: s, where: odd)) ^ (((quadrant &+ 1) & 2) &<< 30)
  return (asLane(sine), asLane(cosine))
}
