import Kernels
import Testing

/// β₁ and ε: also a momentum of none, and an ε that weighs as much as the root.
@Test(arguments: [(0.5, 1e-8), (0, 0.1), (0.9, 0.5)])
func `Adam follows its formula in Double for several steps`(_ beta1: Double, _ epsilon: Double) {
  let count = 70_003  // three tasks, the last with a tail
  let (rate, beta2) = (1e-2, 0.999)
  var p = samples(count), m = [Float](repeating: 0, count: count), v = m
  var exactP = p.map(Double.init), exactM = m.map(Double.init), exactV = exactM
  for step in 1...5 {
    let g = samples(count, seed: UInt64(step))
    var power1 = 1.0, power2 = 1.0
    for _ in 0..<step {
      power1 *= beta1
      power2 *= beta2
    }
    unsafe adam(
      parameters: &p, gradient: g, firstMoment: &m, secondMoment: &v, count: count, learningRate: Float(rate), beta1: Float(beta1),
      beta2: Float(beta2), epsilon: Float(epsilon), correction1: Float(1 - power1), correction2: Float(1 - power2))
    for i in 0..<count {
      exactM[i] = beta1 * exactM[i] + (1 - beta1) * Double(g[i])
      exactV[i] = beta2 * exactV[i] + (1 - beta2) * Double(g[i]) * Double(g[i])
      exactP[i] -= rate * (exactM[i] / (1 - power1)) / ((exactV[i] / (1 - power2)).squareRoot() + epsilon)
    }
  }
  // 1 - 0.999 in Float is off by 5e-5 of itself, in both v and its correction, which cancel.
  expectClose(p, exactP, within: 1e-5)
  expectClose(m, exactM, within: 1e-6)
  expectClose(v, exactV, within: 1e-4)
}

@Test func `decoupled decay shrinks parameters before Adam's step, and RMSProp follows its formula in Double`() {
  let count = 70_003
  let g = samples(count)
  var p = samples(count, seed: 2), v = samples(count, seed: 3).map { $0 * $0 }
  let (p0, v0) = (p, v)
  unsafe rmsPropStep(parameters: &p, gradient: g, secondMoment: &v, count: count, learningRate: 0.01, decay: 0.9, epsilon: 0.1)
  let exactV = (0..<count).map { 0.9 * Double(v0[$0]) + 0.1 * Double(g[$0]) * Double(g[$0]) }
  expectClose(v, exactV, within: 1e-6)
  expectClose(p, (0..<count).map { Double(p0[$0]) - 0.01 * Double(g[$0]) / (exactV[$0].squareRoot() + 0.1) }, within: 1e-6)

  func adamStep(_ keep: Float) -> [Float] {
    var p = p0, m = [Float](repeating: 0, count: count), v = m
    unsafe adam(
      parameters: &p, gradient: g, firstMoment: &m, secondMoment: &v, count: count, learningRate: 0.01, beta1: 0.5, beta2: 0.9,
      epsilon: 0.1, correction1: 0.5, correction2: 0.1, keep: keep)
    return p
  }
  let plain = adamStep(1)
  let moves = (0..<count).map { Double(plain[$0]) - Double(p0[$0]) }
  expectClose(adamStep(0.75), (0..<count).map { 0.75 * Double(p0[$0]) + moves[$0] }, within: 1e-6)
}

@Test func `momentum and averages follow their formulas`() {
  let count = 70_003
  let g = samples(count)
  var p = samples(count, seed: 2), v = samples(count, seed: 3), average = samples(count, seed: 4)
  let (p0, v0, a0) = (p, v, average)
  unsafe momentumStep(parameters: &p, gradient: g, velocity: &v, count: count, learningRate: 0.1, momentum: 0.9)
  unsafe interpolate(&average, g, decay: 0.75, count)
  expectSame(v, (0..<count).map { 0.9 * v0[$0] + g[$0] }, "velocity")
  expectSame(p, (0..<count).map { p0[$0] - 0.1 * v[$0] }, "parameters")
  expectSame(average, (0..<count).map { 0.75 * a0[$0] + 0.25 * g[$0] }, "average")
}

@Test func `a hash changes with every bit, the length, the order and the seed`() {
  func hash(_ bytes: [UInt8], seed: UInt64 = 1) -> UInt64 {
    unsafe bytes.withUnsafeBytes { unsafe hashBits($0.baseAddress!, byteCount: bytes.count, seed: seed) }
  }
  let bytes = (0..<133).map { UInt8($0 * 37 % 256) }
  var seen = Set([hash(bytes)])
  #expect(hash(bytes) == hash(bytes))
  for bit in 0..<bytes.count * 8 {
    var changed = bytes
    changed[bit / 8] ^= 1 << UInt8(bit % 8)
    seen.insert(hash(changed))
  }
  for length in 1..<bytes.count { seen.insert(hash(Array(bytes[..<length]))) }
  seen.insert(hash(bytes, seed: 2))
  var swapped = bytes
  for i in 0..<32 { swapped.swapAt(i, 32 + i) }
  seen.insert(hash(swapped))
  #expect(seen.count == 1 + bytes.count * 8 + bytes.count - 1 + 2)
  // Zeros of different lengths must differ too.
  #expect(Set((1...100).map { hash([UInt8](repeating: 0, count: $0)) }).count == 100)
}
