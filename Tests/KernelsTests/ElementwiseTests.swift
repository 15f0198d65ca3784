import Foundation
import Kernels
import Testing

@Test(arguments: UnaryOperation.allCases) func `an element's bits do not depend on its position`(_ operation: UnaryOperation) {
  let x = samples(131).map { abs($0) + 0.1 }
  let whole = output(131) { unsafe apply(operation, x, $0, 131) }
  for first in [1, 5, 100, 130] {
    let part = output(131 - first) { unsafe apply(operation, Array(x[first...]), $0, 131 - first) }
    expectSame(part, Array(whole[first...]))
  }
}

@Test func `simple functions equal their formulas`() {
  let count = 77_777
  let x = samples(count)
  let c = samples(count, seed: 2)
  func expectEqual(_ found: [Float], _ expected: (Int) -> Float, at location: SourceLocation = #_sourceLocation) {
    expectSame(found, (0..<count).map(expected), at: location)
  }
  expectEqual(output(count) { unsafe apply(.negate, x, $0, count) }) { -x[$0] }
  expectEqual(output(count) { unsafe apply(.square, x, $0, count) }) { x[$0] * x[$0] }
  expectEqual(output(count) { unsafe apply(.reciprocal, x, $0, count) }) { 1 / x[$0] }
  expectEqual(output(count) { unsafe apply(.squareRoot, x.map(abs), $0, count) }) { abs(x[$0]).squareRoot() }
  expectEqual(output(count) { unsafe affine(x, scale: 3, offset: -0.5, $0, count) }) { 3 * x[$0] - 0.5 }
  expectEqual(output(count) { unsafe rectify(x, slope: 0.2, $0, count) }) { x[$0] > 0 ? x[$0] : 0.2 * x[$0] }
  expectEqual(output(count) { unsafe rectifyGate(x, c, slope: 0.2, $0, count) }) { x[$0] > 0 ? c[$0] : 0.2 * c[$0] }
  expectEqual(output(count) { unsafe clamp(x, low: -0.3, high: 0.6, $0, count) }) { min(max(x[$0], -0.3), 0.6) }
  expectEqual(output(count) { unsafe clampGate(x, c, low: -0.3, high: 0.6, $0, count) }) { x[$0] >= -0.3 && x[$0] <= 0.6 ? c[$0] : 0 }
  expectEqual(output(count) { unsafe fill($0, 2.5, count) }) { _ in 2.5 }
  var y = c
  unsafe accumulate(x, &y, count)
  expectEqual(y) { c[$0] + x[$0] }
}

@Test func `a sum of powers follows its formula, by products, roots and logarithms, and is NaN for a negative base`() {
  let x = samples(10_001).map { abs($0) * 30 }
  for exponent: Float in [-0.2, -5, -8.5, -6, -0.5, 0, 0.5, 2, 2.25] {
    let terms = [PowerTerm(factor: 2, scale: 0.7, exponent: exponent), PowerTerm(factor: 0.25, scale: 0.01, exponent: -1)]
    let found = output(x.count) { unsafe sumOfPowers(x, terms, $0, x.count) }
    for (found, x) in zip(found, x) {
      let (first, second) = (pow(1 + Double(Float(0.7)) * Double(x), Double(exponent)), 0.25 / (1 + Double(Float(0.01)) * Double(x)))
      let exact = 2 * first + second
      // All summands are positive; ln 60 times an exponent of 2.25 is 9, of which Float keeps 1e-6.
      #expect(abs(Double(found) - exact) < 3e-6 * exact, "x \(x), exponent \(exponent): \(found), \(exact)")
    }
  }
  #expect(output(1) { unsafe sumOfPowers([-2], [PowerTerm(factor: 1, scale: 1, exponent: -0.2)], $0, 1) }[0].isNaN)
}

@Test func `the first number that is not finite is found`() {
  var x = samples(10_000)
  #expect(unsafe firstNonFinite(x, x.count) == nil)
  x[9_999] = .nan
  #expect(unsafe firstNonFinite(x, x.count) == 9_999)
  x[4_321] = -.infinity
  #expect(unsafe firstNonFinite(x, x.count) == 4_321)
  #expect(unsafe firstNonFinite(x, 4_321) == nil)
}

@Test(arguments: UnaryOperation.allCases) func `a function may write over its argument`(_ operation: UnaryOperation) {
  let x = samples(40_001).map { abs($0) + 0.1 }
  let apart = output(x.count) { unsafe apply(operation, x, $0, x.count) }
  var place = x
  unsafe place.withUnsafeMutableBufferPointer { unsafe apply(operation, $0.baseAddress!, $0.baseAddress!, $0.count) }
  expectSame(place, apart)
}

@Test func `gates at their bounds follow the definition, and NaN stays NaN`() {
  let x: [Float] = [-1, -0.5, 0, -0.0, 0.5, 1, .nan]
  let c: [Float] = [10, 20, 30, 40, 50, 60, 70]
  #expect(output(7) { unsafe rectifyGate(x, c, slope: 0.5, $0, 7) } == [5, 10, 15, 20, 50, 60, 35])
  #expect(output(7) { unsafe clampGate(x, c, low: -0.5, high: 0.5, $0, 7) } == [0, 20, 30, 40, 50, 0, 0])
  let rectified = output(7) { unsafe rectify(x, slope: 0.5, $0, 7) }
  #expect(rectified[..<6] == [-0.5, -0.25, 0, 0, 0.5, 1] && rectified[6].isNaN)
  let clamped = output(7) { unsafe clamp(x, low: -0.5, high: 0.5, $0, 7) }
  #expect(clamped[..<6] == [-0.5, -0.5, 0, 0, 0.5, 0.5] && clamped[6].isNaN)
}
