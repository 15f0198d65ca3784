import Foundation
import Testing

@testable import Kernels

private let key = RandomKey(seed: 42, purpose: 7, step: 3)

private func normal(_ key: RandomKey, _ first: Int, _ rows: Int, _ size: Int) -> [Float] {
  output(rows * size) { unsafe fillNormal(key, firstRow: first, rowCount: rows, rowSize: size, $0) }
}

private func uniform(_ key: RandomKey, _ first: Int, _ rows: Int, _ size: Int) -> [Float] {
  output(rows * size) { unsafe fillUniform(key, firstRow: first, rowCount: rows, rowSize: size, $0) }
}

/// The vectors published with Random123, `kat_vectors`, philox4x32 with 10 rounds.
@Test func `Philox gives the published words`() {
  let ones = UInt32.max
  #expect(philox(SIMD4(0, 0, 0, 0), key: SIMD2(0, 0)) == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
  #expect(philox(SIMD4(repeating: ones), key: SIMD2(repeating: ones)) == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
}

@Test func `uniform and normal numbers are functions of the row's bits`() {
  for size in [1, 2, 3, 4, 63, 64, 65, 200] {
    let u = uniform(key, 5, 2, size)
    let z = normal(key, 5, 2, size)
    for index in u.indices {
      let (row, j) = (5 + index / size, index % size)
      #expect(u[index] == Float(randomBits(key, row: row, index: j) >> 8) * 0x1p-24)
      let radius = (-2 * log((Double(randomBits(key, row: row, index: j & ~1)) + 0.5) / 0x1p32)).squareRoot()
      let angle = 2 * Double.pi * Double(randomBits(key, row: row, index: j | 1) >> 8) / 0x1p24
      let expected = radius * (j % 2 == 0 ? cos(angle) : sin(angle))
      #expect(abs(Double(z[index]) - expected) < 1e-6 * max(1, abs(expected)), "row \(row), index \(j)")
    }
  }
}

@Test func `ranges of rows and prefixes of rows are parts of the same stream`() {
  for size in [1, 7, 64, 100, 1000] {
    let all = normal(key, 0, 20, size)
    expectSame(normal(key, 13, 4, size), Array(all[(13 * size)..<(17 * size)]))
    expectSame(uniform(key, 13, 4, size), Array(uniform(key, 0, 20, size)[(13 * size)..<(17 * size)]))
    expectSame(normal(key, 3, 1, (size + 1) / 2), Array(all[(3 * size)..<(3 * size + (size + 1) / 2)]))
  }
  let far = normal(key, 1 << 40, 1, 8)
  #expect(far != normal(key, 0, 1, 8))
}

@Test func `seed, purpose, step and row each give other numbers`() {
  var seen = Set<[Float]>()
  for seed in 0..<4 as Range<UInt64> {
    for purpose in 0..<4 as Range<UInt64> {
      for step in 0..<4 as Range<UInt64> {
        for row in 0..<4 { seen.insert(uniform(RandomKey(seed: seed, purpose: purpose, step: step), row, 1, 4)) }
      }
    }
  }
  #expect(seen.count == 256)
}

@Test func `moments, tails and correlations are those of the distributions`() {
  let count = 1 << 20
  let z = normal(key, 0, 64, count / 64).map(Double.init)
  func mean(_ values: some Sequence<Double>) -> Double { values.reduce(0, +) / Double(count) }
  // Bounds: five standard errors of each estimate for 2^20 draws.
  let error = 1 / Double(count).squareRoot()
  #expect(abs(mean(z)) < 5 * error)
  #expect(abs(mean(z.lazy.map { $0 * $0 }) - 1) < 5 * 2.0.squareRoot() * error)
  #expect(abs(mean(z.lazy.map { $0 * $0 * $0 })) < 5 * 15.0.squareRoot() * error)
  #expect(abs(mean(z.lazy.map { $0 * $0 * $0 * $0 }) - 3) < 5 * 96.0.squareRoot() * error)
  for lag in [1, 2, 4, 64, count / 64] {
    #expect(abs(mean((0..<count - lag).lazy.map { z[$0] * z[$0 + lag] })) < 5 * error)
  }
  // P(|z| > 3) and P(|z| > 4).
  for (bound, probability) in [(3.0, 2.699_796e-3), (4.0, 6.334_248e-5)] {
    let beyond = Double(z.count { abs($0) > bound })
    let expected = probability * Double(count)
    #expect(abs(beyond - expected) < 5 * expected.squareRoot())
  }
  let u = uniform(key, 0, 64, count / 64).map(Double.init)
  #expect(u.allSatisfy { $0 >= 0 && $0 < 1 })
  #expect(abs(mean(u) - 0.5) < 5 * error / 12.0.squareRoot())
  #expect(abs(mean(u.lazy.map { $0 * $0 }) - 1.0 / 3) < 5 * error * (4.0 / 45).squareRoot())
}
