/// One step of Adam, in one pass: `m ← β₁m + (1-β₁)g`, `v ← β₂v + (1-β₂)g²`, `p ← keep p - lr (m/c₁) / (√(v/c₂) + ε)`.
///
/// `correction1 = 1 - β₁ᵗ` and `correction2 = 1 - β₂ᵗ` undo the bias of the first steps (1 switches that off). `keep` is 1, or
/// `1 - lr·decay` for decoupled weight decay.
/// - Source: Kingma, Ba 2015, "Adam: A Method for Stochastic Optimization", Algorithm 1. https://arxiv.org/abs/1412.6980
public func adam(
  parameters: Output, gradient: Input, firstMoment: Output, secondMoment: Output, count: Int, learningRate: Float, beta1: Float,
  beta2: Float, epsilon: Float, correction1: Float, correction2: Float, keep: Float = 1
) {
  let rest1 = 1 - beta1
  let rest2 = 1 - beta2
  Workers.forRanges(count, grain: threadingGrain) { range in
    var i = range.lowerBound
    while i < range.upperBound {
      let length = min(16, range.upperBound - i)
      let whole = length == 16
      let g = whole ? gradient.lane(i) : gradient.lane(i, count: length)
      var m = whole ? firstMoment.lane(i) : Input(firstMoment).lane(i, count: length)
      var v = whole ? secondMoment.lane(i) : Input(secondMoment).lane(i, count: length)
      var p = whole ? parameters.lane(i) : Input(parameters).lane(i, count: length)
      m = beta1 * m + rest1 * g
      v = beta2 * v + rest2 * g * g
      p = keep * p - learningRate * (m / correction1) / (squareRoot(v / correction2) + epsilon)
      if whole {
        firstMoment.store(m, i)
        secondMoment.store(v, i)
        parameters.store(p, i)
      } else {
        firstMoment.store(m, i, count: length)
        secondMoment.store(v, i, count: length)
        parameters.store(p, i, count: length)
      }
      i += 16
    }
  }
}

/// One step of gradient descent with momentum: `v ← momentum v + g`, `p ← p - lr v`.
public func momentumStep(
  parameters: Output, gradient: Input, velocity: Output, count: Int, learningRate: Float, momentum: Float
) {
  Workers.forRanges(count, grain: threadingGrain) { range in
    let (p, g, v) = (parameters + range.lowerBound, gradient + range.lowerBound, velocity + range.lowerBound)
    for i in 0..<range.count {
      let next = momentum * v[i] + g[i]
      v[i] = next
      p[i] -= learningRate * next
    }
  }
}

/// One step of RMSProp: `v ← decay v + (1 - decay) g²`, `p ← p - lr g / (√v + ε)`.
public func rmsPropStep(
  parameters: Output, gradient: Input, secondMoment: Output, count: Int, learningRate: Float, decay: Float, epsilon: Float
) {
  let rest = 1 - decay
  Workers.forRanges(count, grain: threadingGrain) { range in
    let (p, g, v) = (parameters + range.lowerBound, gradient + range.lowerBound, secondMoment + range.lowerBound)
    for i in 0..<range.count {
      let next = decay * v[i] + rest * g[i] * g[i]
      v[i] = next
      p[i] -= learningRate * g[i] / (next.squareRoot() + epsilon)
    }
  }
}

/// `average ← decay average + (1 - decay) x`.
public func interpolate(_ average: Output, _ x: Input, decay: Float, _ count: Int) {
  let rest = 1 - decay
  Workers.forRanges(count, grain: threadingGrain) { range in
    let (source, target) = (x + range.lowerBound, average + range.lowerBound)
    for i in 0..<range.count { target[i] = decay * target[i] + rest * source[i] }
  }
}

/// A 64-bit hash of bytes, for telling whether replicas or files hold the same bits; not cryptographic.
///
/// Four lanes of multiply and rotate over 32-byte stripes, then a finalizer in which each input bit reaches each output bit.
public func hashBits(_ x: UnsafeRawPointer, byteCount: Int, seed: UInt64) -> UInt64 {
  var lanes = SIMD4<UInt64>(seed &+ 0x9e37_79b9_7f4a_7c15, seed ^ 0xbf58_476d_1ce4_e5b9, seed &+ 0x94d0_49bb_1331_11eb, ~seed)
  let factor = SIMD4<UInt64>(repeating: 0xd6e8_feb8_6659_fd93)
  var offset = 0
  while offset + 32 <= byteCount {
    lanes = (lanes ^ x.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)) &* factor
    lanes ^= lanes &>> 29
    offset += 32
  }
  var hash = mixed(UInt64(truncatingIfNeeded: byteCount) ^ seed)
  for lane in 0..<4 { hash = mixed(hash ^ lanes[lane]) &+ lanes[lane] }
  while offset < byteCount {
    hash = mixed(hash ^ UInt64(x.load(fromByteOffset: offset, as: UInt8.self)))
    offset += 1
  }
  return mixed(hash)
}

/// The finalizer of splitmix64, a bijection of 64-bit words.
/// - Source: Steele, Lea, Flood 2014, "Fast Splittable Pseudorandom Number Generators", https://doi.org/10.1145/2714064.2660195
@inline(__always)
public func mixed(_ value: UInt64) -> UInt64 {
  var z = value &+ 0x9e37_79b9_7f4a_7c15
  z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
  z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
  return z ^ (z >> 31)
}
