import Foundation
import Kernels
import Sharding
import Testing

/// Element-wise functions, reductions, normalisation and random numbers against formulas in Double.
@Suite struct FunctionTests {
  /// Largest `|found - expected| / max(|expected|, floor)`.
  static func error(_ found: [Float], floor: Double = 1e-30, _ expected: (Int) -> Double) -> Double {
    found.indices.reduce(0) { max($0, abs(Double(found[$1]) - expected($1)) / max(abs(expected($1)), floor)) }
  }

  static let points = (0..<4001).map { Float($0 - 2000) * 0.0399 }

  static func formula(_ operation: UnaryOperation, _ x: Double) -> Double {
    switch operation {
    case .exponential: exp(x)
    case .hyperbolicTangent: tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .softplus: max(x, 0) + log1p(exp(-abs(x)))
    case .square: x * x
    case .negate: -x
    case .reciprocal: 1 / x
    case .logarithm: log(x)
    case .squareRoot: x.squareRoot()
    }
  }

  static let operations: [UnaryOperation] = [.exponential, .hyperbolicTangent, .sigmoid, .softplus, .square, .negate, .reciprocal]

  @Test(arguments: operations) func `functions stay within 5e-7 of Double up to ±80`(operation: UnaryOperation) {
    let x = Self.points.filter { operation != .reciprocal || $0 != 0 }
    var y = [Float](repeating: .nan, count: x.count)
    unsafe apply(operation, x, &y, x.count)
    #expect(Self.error(y) { Self.formula(operation, Double(x[$0])) } < 5e-7)
  }

  @Test func `logarithm and root hold over all sizes`() {
    let x = (0..<2000).map { Float(exp(Double($0 - 1000) * 0.08)) }.filter { $0.isNormal }
    var (logs, roots) = ([Float](repeating: .nan, count: x.count), [Float](repeating: .nan, count: x.count))
    unsafe apply(.logarithm, x, &logs, x.count)
    unsafe apply(.squareRoot, x, &roots, x.count)
    #expect(Self.error(logs, floor: 1e-2) { log(Double(x[$0])) } < 5e-7)
    #expect(Self.error(roots) { Double(x[$0]).squareRoot() } < 1e-7)
  }

  @Test func `broadcast arithmetic agrees with loops`() {
    for (aShape, bShape) in [([3, 1, 5], [1, 4, 5]), ([2, 3, 4], [2, 1, 1]), ([1, 1, 17], [3, 7, 17]), ([2, 3, 4], [1, 1, 1])] {
      let shape = zip(aShape, bShape).map { max($0, $1) }
      let (a, b) = (WinogradTests.drawn(aShape.reduce(1, *), 1), WinogradTests.drawn(bShape.reduce(1, *), 2))
      var y = [Float](repeating: .nan, count: shape.reduce(1, *))
      unsafe apply(.subtract, a, aShape, b, bShape, &y, shape)
      var index = 0
      for i in 0..<shape[0] {
        for j in 0..<shape[1] {
          for k in 0..<shape[2] {
            func at(_ s: [Int]) -> Int { ((s[0] == 1 ? 0 : i) * s[1] + (s[1] == 1 ? 0 : j)) * s[2] + (s[2] == 1 ? 0 : k) }
            #expect(y[index] == a[at(aShape)] - b[at(bShape)])
            index += 1
          }
        }
      }
    }
  }

  @Test func `sums and folds agree with Double`() {
    let (outer, middle, inner) = (3, 37, 21)
    let x = WinogradTests.drawn(outer * middle * inner, 5)
    var y = [Float](repeating: .nan, count: outer * inner)
    unsafe sum(x, outer: outer, middle: middle, inner: inner, &y)
    #expect(
      Self.error(y, floor: 1) { index in
        (0..<middle).reduce(0.0) { $0 + Double(x[(index / inner * middle + $1) * inner + index % inner]) }
      } < 1e-6)
    let rows = ShardRows(segments: [[0..<1, 5..<7], [1..<5]], tree: ShardTree(shardCount: 2), owned: 0..<2)
    var folded = [Float](repeating: .nan, count: inner)
    unsafe foldRows(x, rowSize: inner, rows: rows, &folded)
    #expect(Self.error(folded, floor: 1) { column in (0..<7).reduce(0.0) { $0 + Double(x[$1 * inner + column]) } } < 1e-6)
  }

  @Test func `softmax and log-sum-exp bear large logits`() {
    let x: [Float] = [80, -80, 0, 1000, 999, -1000]
    var (y, z) = ([Float](repeating: .nan, count: 6), [Float](repeating: .nan, count: 2))
    unsafe softmax(x, rows: 2, columns: 3, &y)
    unsafe logSumExp(x, rows: 2, columns: 3, &z)
    let e = exp(-1.0)
    #expect(abs(Double(y[3]) - 1 / (1 + e)) < 1e-6 && y[0] == 1 && y[5] == 0)
    #expect(z[0] == 80 && abs(Double(z[1]) - (1000 + log1p(e))) < 1e-4)
  }

  @Test func `random rows are functions of their number`() {
    let key = RandomKey(seed: 3, purpose: 9, step: 4)
    var all = [Float](repeating: 0, count: 50 * 33)
    unsafe fillNormal(key, firstRow: 0, rowCount: 50, rowSize: 33, &all)
    var some = [Float](repeating: 0, count: 7 * 33)
    unsafe fillNormal(key, firstRow: 20, rowCount: 7, rowSize: 33, &some)
    #expect(some == Array(all[(20 * 33)..<(27 * 33)]))
    var other = [Float](repeating: 0, count: 7 * 33)
    unsafe fillNormal(RandomKey(seed: 3, purpose: 9, step: 5), firstRow: 20, rowCount: 7, rowSize: 33, &other)
    #expect(zip(some, other).allSatisfy { $0 != $1 })
  }

  @Test func `normal and uniform numbers have their moments`() {
    let count = 400_000
    var (normal, uniform) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: count))
    unsafe fillNormal(RandomKey(seed: 1, purpose: 2, step: 3), firstRow: 0, rowCount: 4, rowSize: count / 4, &normal)
    unsafe fillUniform(RandomKey(seed: 1, purpose: 2, step: 4), firstRow: 0, rowCount: 4, rowSize: count / 4, &uniform)
    func mean(_ values: [Float], _ power: Double) -> Double { values.reduce(0.0) { $0 + pow(Double($1), power) } / Double(count) }
    // Four standard errors of each moment.
    #expect(abs(mean(normal, 1)) < 4 / Double(count).squareRoot())
    #expect(abs(mean(normal, 2) - 1) < 4 * (2 / Double(count)).squareRoot())
    #expect(abs(mean(normal, 4) - 3) < 4 * (96 / Double(count)).squareRoot())
    #expect(abs(mean(uniform, 1) - 0.5) < 4 * (1 / 12.0 / Double(count)).squareRoot())
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 } && normal.contains { abs($0) > 4 })
  }

  @Test(arguments: [(5, 12), (12, 5), (7, 7)]) func `orthonormal rows or columns, whichever are fewer`(rows: Int, columns: Int) {
    var a = [Float](repeating: 0, count: rows * columns)
    unsafe fillNormal(RandomKey(seed: 1, purpose: 1, step: 1), firstRow: 0, rowCount: 1, rowSize: a.count, &a)
    unsafe orthonormalize(&a, rows: rows, columns: columns)
    let isWide = rows <= columns
    let count = min(rows, columns)
    for i in 0..<count {
      for j in 0..<count {
        let product = (0..<max(rows, columns)).reduce(0.0) { sum, k in
          sum + (isWide ? Double(a[i * columns + k]) * Double(a[j * columns + k]) : Double(a[k * columns + i]) * Double(a[k * columns + j]))
        }
        #expect(abs(product - (i == j ? 1 : 0)) < 1e-5)
      }
    }
  }

  @Test func `a hash changes with every bit, and NaN is found`() {
    var values = WinogradTests.drawn(37, 8)
    func hash() -> UInt64 { unsafe values.withUnsafeBytes { unsafe hashBits($0.baseAddress!, byteCount: $0.count, seed: 1) } }
    let before = hash()
    for index in values.indices {
      for bit in [0, 13, 31] {
        let kept = values[index]
        values[index] = Float(bitPattern: kept.bitPattern ^ (1 << UInt32(bit)))
        #expect(hash() != before)
        values[index] = kept
      }
    }
    #expect(hash() == before)
    #expect(unsafe firstNonFinite(values, 37) == nil)
    values[30] = .infinity
    values[33] = .nan
    #expect(unsafe firstNonFinite(values, 37) == 30)
  }
}
