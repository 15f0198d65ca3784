import COpenBLAS

/// A function of one number, applied to each element.
public enum UnaryOperation: Sendable, Hashable, CaseIterable {
  case negate, exponential, logarithm, squareRoot, reciprocal, hyperbolicTangent, sigmoid, softplus, square
}

/// Applies a vector function to some elements; the tail takes the same path. `function` is called in one place, and what cuts a kernel into
/// ranges lies outside: else it would not become part of the loop.
@inline(__always)
private func map(_ x: Input, _ y: Output, _ range: Range<Int>, _ function: (Lane) -> Lane) {
  for i in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
    let count = range.upperBound - i
    let result = function(count >= 16 ? x.lane(i) : x.lane(i, count: count, padding: 1))
    if count >= 16 { y.store(result, i) } else { y.store(result, i, count: count) }
  }
}

/// Cuts a kernel over elements into ranges.
private func forRanges(_ count: Int, _ body: (Range<Int>) -> Void) { Workers.forRanges(count, grain: threadingGrain, body) }

/// `y[i] = operation(x[i])`; `y` may be `x`.
///
/// Sigmoid and softplus do not overflow; relative errors are those stated in `Transcendental.swift`.
public func apply(_ operation: UnaryOperation, _ x: Input, _ y: Output, _ count: Int) {
  forRanges(count) { range in
    switch operation {
    case .negate: map(x, y, range) { -$0 }
    case .exponential: map(x, y, range) { exponential($0) }
    case .logarithm: map(x, y, range) { logarithm($0) }
    case .squareRoot: map(x, y, range) { squareRoot($0) }
    case .reciprocal: map(x, y, range) { 1 / $0 }
    case .hyperbolicTangent: map(x, y, range) { hyperbolicTangent($0) }
    case .sigmoid: map(x, y, range) { sigmoid($0) }
    case .softplus: map(x, y, range) { softplus($0) }
    case .square: map(x, y, range) { $0 * $0 }
    }
  }
}

/// Applies a vector function to some pairs of elements of `a` and `b`.
@inline(__always)
private func map(_ a: Input, _ b: Input, _ y: Output, _ range: Range<Int>, _ function: (Lane, Lane) -> Lane) {
  for i in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
    let count = range.upperBound - i
    let left = count >= 16 ? a.lane(i) : a.lane(i, count: count)
    let right = count >= 16 ? b.lane(i) : b.lane(i, count: count)
    let result = function(left, right)
    if count >= 16 { y.store(result, i) } else { y.store(result, i, count: count) }
  }
}

/// `y[i] = scale * x[i] + offset`.
public func affine(_ x: Input, scale: Float, offset: Float, _ y: Output, _ count: Int) {
  forRanges(count) { range in map(x, y, range) { scale * $0 + offset } }
}

/// `y[i] = x[i] > 0 ? x[i] : slope * x[i]`.
public func rectify(_ x: Input, slope: Float, _ y: Output, _ count: Int) {
  forRanges(count) { range in map(x, y, range) { cblas_choose($0, $0, slope * $0) } }
}

/// `y[i] = x[i] > 0 ? c[i] : slope * c[i]`: the adjoint of `rectify` at `x`.
public func rectifyGate(_ x: Input, _ c: Input, slope: Float, _ y: Output, _ count: Int) {
  forRanges(count) { range in map(x, c, y, range) { cblas_choose($0, $1, slope * $1) } }
}

/// One summand `factor · (1 + scale · x)^exponent` of a sum of powers.
public struct PowerTerm: Sendable, Hashable {
  /// What the power is multiplied by.
  public let factor: Float
  /// What x is multiplied by.
  public let scale: Float
  /// The exponent.
  public let exponent: Float

  /// A summand of these numbers.
  public init(factor: Float, scale: Float, exponent: Float) {
    self.factor = factor
    self.scale = scale
    self.exponent = exponent
  }
}

/// `y[i] = Σⱼ factorⱼ · (1 + scaleⱼ · x[i])^exponentⱼ`, added in the order of `terms`; NaN where a base is negative.
public func sumOfPowers(_ x: Input, _ terms: [PowerTerm], _ y: Output, _ count: Int) {
  forRanges(count) { range in
    map(x, y, range) { x in
      var sum = Lane.zero
      for term in terms {
        let base = Lane(repeating: 1).addingProduct(x, Lane(repeating: term.scale))
        sum.addProduct(power(base, term.exponent), Lane(repeating: term.factor))
      }
      return sum
    }
  }
}

/// `y[i] += x[i]`.
public func accumulate(_ x: Input, _ y: Output, _ count: Int) {
  forRanges(count) { range in map(y, x, y, range) { $0 + $1 } }
}

/// `y[i]` is `x[i]` moved into `[low, high]`.
public func clamp(_ x: Input, low: Float, high: Float, _ y: Output, _ count: Int) {
  forRanges(count) { range in map(x, y, range) { $0.replacing(with: low, where: $0 .< low).replacing(with: high, where: $0 .> high) } }
}

/// `y[i] = c[i]` where `low <= x[i] <= high`, else 0: the adjoint of `clamp` at `x`.
public func clampGate(_ x: Input, _ c: Input, low: Float, high: Float, _ y: Output, _ count: Int) {
  forRanges(count) { range in map(x, c, y, range) { Lane.zero.replacing(with: $1, where: ($0 .>= low) .& ($0 .<= high)) } }
}

/// `y[i] = value`.
public func fill(_ y: Output, _ value: Float, _ count: Int) {
  forRanges(count) { (y + $0.lowerBound).update(repeating: value, count: $0.count) }
}

/// Index of the first element that is infinite or NaN, or nil.
public func firstNonFinite(_ x: Input, _ count: Int) -> Int? {
  let words = UnsafeRawPointer(x).assumingMemoryBound(to: UInt32.self)
  var start = 0
  while start < count {
    let end = min(count, start + 4096)
    var largest: UInt32 = 0
    for i in start..<end { largest = max(largest, words[i] & 0x7fff_ffff) }
    if largest >= 0x7f80_0000 {
      for i in start..<end where !x[i].isFinite { return i }
    }
    start = end
  }
  return nil
}
