import Foundation
import Kernels
import Testing

/// Largest relative error of `operation` over `x` against Double.
private func largestError(_ operation: UnaryOperation, _ x: [Float], _ expected: (Double) -> Double) -> (error: Double, at: Float) {
  let y = output(x.count) { unsafe apply(operation, x, $0, x.count) }
  var worst = (error: 0.0, at: Float(0))
  for (argument, value) in zip(x, y) {
    let exact = expected(Double(argument))
    if abs(exact) < Double(Float.leastNormalMagnitude) { continue }
    let error = value.isNaN ? .infinity : abs(Double(value) - exact) / abs(exact)
    if error > worst.error { worst = (error, argument) }
  }
  return worst
}

private func grid(_ low: Float, _ high: Float, _ count: Int = 200_001) -> [Float] {
  (0..<count).map { low + (high - low) * Float($0) / Float(count - 1) }
}

/// Magnitudes over the whole range of Float.
private let magnitudes: [Float] = stride(from: UInt32(0x0080_0000), to: 0x7f7f_ffff, by: 9973).map { Float(bitPattern: $0) }

@Test func `exponential has a relative error below 2e-7`() {
  let (error, at) = largestError(.exponential, grid(-87, 88.7), exp)
  #expect(error < 2e-7, "at \(at)")
}

@Test func `logarithm has a relative error below 2e-7`() {
  for x in [magnitudes, grid(0.5, 2)] {
    let (error, at) = largestError(.logarithm, x, log)
    #expect(error < 2e-7, "at \(at)")
  }
}

@Test func `hyperbolic tangent has a relative error below 3e-7`() {
  for x in [grid(-10, 10), magnitudes.filter { $0 > 1e-30 && $0 < 1 }] {
    let (error, at) = largestError(.hyperbolicTangent, x, tanh)
    #expect(error < 3e-7, "at \(at)")
  }
}

@Test func `sigmoid and softplus have relative errors below 4e-7, in the tails too`() {
  let (sigmoidError, sigmoidAt) = largestError(.sigmoid, grid(-86, 100)) { 1 / (1 + exp(-$0)) }
  #expect(sigmoidError < 4e-7, "at \(sigmoidAt)")
  let (softplusError, softplusAt) = largestError(.softplus, grid(-86, 100)) { max($0, 0) + log1p(exp(-abs($0))) }
  #expect(softplusError < 4e-7, "at \(softplusAt)")
}

@Test func `functions keep their accuracy at plus and minus eighty`() {
  let x: [Float] = [-80, 80]
  for (operation, expected) in [
    (UnaryOperation.exponential, { exp($0) }), (.hyperbolicTangent, { tanh($0) }), (.sigmoid, { 1 / (1 + exp(-$0)) }),
    (.softplus, { max($0, 0) + log1p(exp(-abs($0))) }),
  ] as [(UnaryOperation, (Double) -> Double)] {
    let (error, at) = largestError(operation, x, expected)
    #expect(error < 4e-7, "\(operation) at \(at)")
  }
}

@Test func `subnormal results and arguments lose no more than their own last bits`() {
  let x = grid(-103, -87.4, 20_001)
  let y = output(x.count) { unsafe apply(.exponential, x, $0, x.count) }
  // One unit in the last place of a subnormal number, and 2e-7 of the result.
  for (argument, value) in zip(x, y) where abs(Double(value) - exp(Double(argument))) > 0x1p-149 + 2e-7 * exp(Double(argument)) {
    Issue.record("e^\(argument) is \(value)")
  }
  let subnormals: [Float] = stride(from: UInt32(1), to: 0x0080_0000, by: 997).map { Float(bitPattern: $0) }
  let (error, at) = largestError(.logarithm, subnormals, log)
  #expect(error < 2e-7, "at \(at)")
}

@Test func `special arguments give special values`() {
  let x: [Float] = [.infinity, -.infinity, .nan, 0, -0.0, -1, Float(bitPattern: 714), 200, -200, .greatestFiniteMagnitude]
  func y(_ operation: UnaryOperation) -> [Float] { output(x.count) { unsafe apply(operation, x, $0, x.count) } }
  let e = y(.exponential)
  #expect(e[0] == .infinity && e[1] == 0 && e[2].isNaN && e[3] == 1 && e[4] == 1 && e[7] == .infinity && e[8] == 0)
  let l = y(.logarithm)
  #expect(l[0] == .infinity && l[1].isNaN && l[2].isNaN && l[3] == -.infinity && l[4] == -.infinity && l[5].isNaN)
  #expect(abs(l[6] - log(Float(bitPattern: 714))) < 1e-4)
  let t = y(.hyperbolicTangent)
  #expect(t[0] == 1 && t[1] == -1 && t[2].isNaN && t[3] == 0 && t[7] == 1 && t[8] == -1)
  let s = y(.sigmoid)
  #expect(s[0] == 1 && s[1] == 0 && s[2].isNaN && s[3] == 0.5 && s[7] == 1 && s[8] == 0)
  let p = y(.softplus)
  #expect(p[0] == .infinity && p[1] == 0 && p[2].isNaN && p[7] == 200 && p[8] == 0 && p[9] == .greatestFiniteMagnitude)
}
