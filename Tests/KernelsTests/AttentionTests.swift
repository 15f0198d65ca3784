import Foundation
import Kernels
import Testing

/// Numbers for one call, and the call.
private struct Case {
  var shape: AttentionShape
  var queries: [Float], keys: [Float], values: [Float], cotangent: [Float]

  init(_ rows: Int, _ columns: Int, _ keyWidth: Int, _ valueWidth: Int, samples count: Int = 2, scale: Float = 2) {
    shape = AttentionShape(samples: count, rows: rows, columns: columns, keyWidth: keyWidth, valueWidth: valueWidth)
    queries = samples(count * rows * keyWidth).map { $0 * scale }
    keys = samples(count * columns * keyWidth, seed: 2).map { $0 * scale }
    values = samples(count * columns * valueWidth, seed: 3)
    cotangent = samples(count * rows * valueWidth, seed: 4)
  }

  /// The result, then the logarithms of the sums.
  func forward() -> (result: [Float], logSumExp: [Float]) {
    var sums: [Float] = []
    let result = output(cotangent.count) { result in
      sums = output(shape.samples * shape.rows) { sums in
        unsafe attention(shape, queries: queries, keys: keys, values: values, result, logSumExp: sums)
      }
    }
    return (result, sums)
  }

  /// Gradients of queries, keys and values.
  func backward() -> [[Float]] {
    let (result, sums) = forward()
    var (toKeys, toValues): ([Float], [Float]) = ([], [])
    var scratch = [Float](repeating: .nan, count: shape.gradientScratch)
    let toQueries = output(queries.count) { q in
      toKeys = output(keys.count) { k in
        toValues = output(values.count) { v in
          unsafe attentionGradient(
            shape, queries: queries, keys: keys, values: values, result: result, logSumExp: sums, cotangent, scratch: &scratch,
            queryGradient: q, keyGradient: k, valueGradient: v)
        }
      }
    }
    return [toQueries, toKeys, toValues]
  }

  /// Everything in one list.
  func all() -> [Float] { forward().result + forward().logSumExp + backward().flatMap { $0 } }

  /// The samples of `range` alone.
  func part(_ range: Range<Int>) -> Case {
    func cut(_ x: [Float]) -> [Float] {
      let size = x.count / shape.samples
      return Array(x[range.lowerBound * size..<range.upperBound * size])
    }
    var part = self
    part.shape.samples = range.count
    (part.queries, part.keys, part.values, part.cotangent) = (cut(queries), cut(keys), cut(values), cut(cotangent))
    return part
  }

  /// Result, logarithms and gradients in Double, in plain loops.
  func reference() -> (result: [Double], logSumExp: [Double], gradients: [[Double]]) {
    let (d, c) = (shape.keyWidth, shape.valueWidth)
    var result = [Double](repeating: 0, count: cotangent.count)
    var sums: [Double] = []
    var toQueries = [Double](repeating: 0, count: queries.count)
    var toKeys = [Double](repeating: 0, count: keys.count)
    var toValues = [Double](repeating: 0, count: values.count)
    for row in 0..<shape.samples * shape.rows {
      let columns = (row / shape.rows * shape.columns)..<((row / shape.rows + 1) * shape.columns)
      let scores = columns.map { column in
        (0..<d).reduce(0.0) { $0 + Double(queries[row * d + $1]) * Double(keys[column * d + $1]) }
      }
      let largest = scores.max() ?? 0
      let total = scores.reduce(0) { $0 + exp($1 - largest) }
      sums.append(largest + log(total))
      let shares = scores.map { exp($0 - largest) / total }
      let slopes = columns.map { column in
        (0..<c).reduce(0.0) { $0 + Double(cotangent[row * c + $1]) * Double(values[column * c + $1]) }
      }
      let mean = zip(shares, slopes).reduce(0) { $0 + $1.0 * $1.1 }
      for (index, column) in columns.enumerated() {
        for i in 0..<c {
          result[row * c + i] += shares[index] * Double(values[column * c + i])
          toValues[column * c + i] += shares[index] * Double(cotangent[row * c + i])
        }
        let slope = shares[index] * (slopes[index] - mean)
        for i in 0..<d {
          toQueries[row * d + i] += slope * Double(keys[column * d + i])
          toKeys[column * d + i] += slope * Double(queries[row * d + i])
        }
      }
    }
    return (result, sums, [toQueries, toKeys, toValues])
  }
}

/// Rows, columns and widths: one of each, less and more than a panel of 32 or a block of 64 queries, multiples of nothing, all tile heights.
private let sizes = [
  (1, 1, 1, 1), (1, 70, 5, 3), (70, 1, 3, 5), (1, 200, 8, 32), (33, 17, 4, 16), (40, 150, 7, 13), (130, 300, 12, 48), (65, 31, 24, 96),
  (200, 131, 20, 17),
]

@Suite struct AttentionTests {
  @Test(arguments: sizes) func `attention and its gradients equal naive loops`(_ rows: Int, _ columns: Int, _ d: Int, _ c: Int) {
    let attention = Case(rows, columns, d, c)
    let (expected, sums, gradients) = attention.reference()
    let (result, logSumExp) = attention.forward()
    // Scores of order 10 are rounded by 1e-6, and so are their exponentials relatively.
    expectClose(result, expected, within: 5e-6, "result")
    expectClose(logSumExp, sums, within: 1e-6, "logarithm of sums")
    for (index, found) in attention.backward().enumerated() {
      // With one key nothing depends on the scores: both gradients are differences of equal numbers.
      if columns == 1 && index < 2 {
        #expect(found.allSatisfy { abs($0) < 1e-5 })
      } else {
        expectClose(found, gradients[index], within: 1e-5, "gradient \(index)")
      }
    }
  }

  @Test func `logits of hundreds neither overflow nor lose the largest`() {
    let attention = Case(40, 70, 3, 5, scale: 20)
    let (expected, sums, gradients) = attention.reference()
    #expect(sums.contains { $0 > 300 })
    let (result, logSumExp) = attention.forward()
    // Scores of order 1,000 are rounded by 6e-5.
    expectClose(result, expected, within: 2e-4)
    expectClose(logSumExp, sums, within: 1e-6)
    for (found, gradient) in zip(attention.backward(), gradients) { expectClose(found, gradient, within: 2e-3) }
  }

  @Test func `keys beyond the last stay out where all logits are far below theirs`() {
    var attention = Case(40, 70, 4, 5)
    attention.queries = attention.queries.map { 5 + $0 / 10 }
    attention.keys = attention.keys.map { -8 + $0 / 10 }
    let (_, sums, gradients) = attention.reference()
    #expect(sums.allSatisfy { $0 < -100 })
    for (found, gradient) in zip(attention.backward(), gradients) { expectClose(found, gradient, within: 2e-3) }
  }

  @Test func `a query that matches no key better than another takes the mean of the values`() {
    var attention = Case(3, 50, 4, 6)
    attention.queries = attention.queries.map { _ in 0 }
    let result = attention.forward().result
    for i in 0..<6 {
      let mean = (0..<50).reduce(0.0) { $0 + Double(attention.values[$1 * 6 + i]) } / 50
      #expect(abs(Double(result[i]) - mean) < 1e-6)
    }
  }

  @Test func `a key that is no number spoils the results of its sample and no others`() {
    var attention = Case(5, 40, 3, 4)
    attention.keys[7] = .nan
    let result = attention.forward().result
    #expect(result.prefix(5 * 4).allSatisfy(\.isNaN) && result.suffix(5 * 4).allSatisfy { !$0.isNaN })
    let gradients = attention.backward()
    #expect(gradients[0].prefix(5 * 3).allSatisfy(\.isNaN) && gradients[0].suffix(5 * 3).allSatisfy { !$0.isNaN })
  }

  @Test func `shares have a relative error below 3e-7 and what rounds their scores, down to e^-86`() {
    // Scores 0 and -x and values 0 and 1: the result is the second share, e^-x / (1 + e^-x).
    var attention = Case(8601, 2, 1, 1, samples: 1)
    attention.queries = attention.queries.indices.map { Float($0) * 0.01 }
    attention.keys = [0, -1]
    attention.values = [0, 1]
    for (x, share) in zip(attention.queries, attention.forward().result) {
      let expected = exp(-Double(x)) / (1 + exp(-Double(x)))
      // A score of x is rounded by 6e-8 x when it is taken as a power of two, and the factor is rounded, too.
      #expect(abs(Double(share) - expected) < (3e-7 + 8e-8 * Double(x)) * expected, "at \(x)")
    }
  }

  @Test func `nothing to attend to gives zeros`() {
    let attention = Case(3, 0, 2, 4)
    #expect(attention.forward().result.allSatisfy { $0 == 0 })
    #expect(attention.backward()[0].allSatisfy { $0 == 0 })
  }

  @Test(arguments: sizes) func `a sample's bits do not depend on the others of the call`(_ rows: Int, _ columns: Int, _ d: Int, _ c: Int) {
    let attention = Case(rows, columns, d, c, samples: 5)
    let (result, sums) = attention.forward()
    let gradients = attention.backward()
    for cut in [1, 2, 4] {
      let parts = [attention.part(0..<cut), attention.part(cut..<5)]
      expectSame(parts.flatMap { $0.forward().result }, result, "result")
      expectSame(parts.flatMap { $0.forward().logSumExp }, sums, "logarithm of sums")
      for index in 0..<3 { expectSame(parts.flatMap { $0.backward()[index] }, gradients[index], "gradient \(index)") }
    }
  }

  @Test func `exact whole numbers come out exact`() {
    // Equal scores make every share a power of two, so all sums are of small fractions with few bits.
    var attention = Case(70, 64, 4, 24)
    attention.keys = attention.keys.indices.map { Float($0 % 4) }
    attention.values = integers(attention.values.count, seed: 3)
    attention.cotangent = integers(attention.cotangent.count, seed: 4)
    expectSame(attention.forward().result, attention.reference().result.map { Float($0) })
  }
}

extension ThreadCounts {
  @Test(arguments: [(1, 700, 600), (3, 200, 300)])
  func `attention gives the same bits on any number of threads`(_ count: Int, _ rows: Int, _ columns: Int) {
    let attention = Case(rows, columns, 12, 40, samples: count)
    expectSameBitsOnAnyThreads("\(rows) queries and \(columns) keys") { attention.all() }
    let two = attention.all()
    Workers.start(threads: 3)
    expectSame(attention.all(), two, "three threads")
    Workers.start(threads: 2)
  }
}
