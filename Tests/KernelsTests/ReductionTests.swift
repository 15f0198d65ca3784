import Kernels
import Sharding
import Testing

private let shapes: [(Int, Int, Int)] = [
  (1, 1, 1), (3, 5, 7), (1, 1000, 1), (4, 33, 1), (2, 17, 300), (5, 1, 9), (1, 5000, 3), (40, 64, 32),
]

@Test(arguments: shapes) func `reductions over the middle axis equal naive loops`(_ outer: Int, _ middle: Int, _ inner: Int) {
  let count = outer * middle * inner
  let a = samples(count)
  let b = samples(count, seed: 2)
  let mean = samples(inner, seed: 3)
  func reduced(_ start: Double, _ body: (Double, Int, Int) -> Double) -> [Double] {
    (0..<outer * inner).map { index in
      (0..<middle).reduce(start) { body($0, (index / inner * middle + $1) * inner + index % inner, index % inner) }
    }
  }
  // The sums are exact up to one rounding of the result.
  let size = outer * inner
  expectClose(
    output(size) { unsafe sum(a, outer: outer, middle: middle, inner: inner, $0) }, reduced(0) { s, i, _ in s + Double(a[i]) },
    within: 1e-7)
  expectClose(
    output(size) { unsafe sumProducts(a, b, outer: outer, middle: middle, inner: inner, $0) },
    reduced(0) { s, i, _ in s + Double(a[i]) * Double(b[i]) }, within: 1e-7)
  expectClose(
    output(size) { unsafe sumSquaredDeviations(a, mean: mean, outer: outer, middle: middle, inner: inner, $0) },
    reduced(0) { s, i, c in
      let d = Double(a[i]) - Double(mean[c])
      return s + d * d
    }, within: 1e-7)
  expectClose(
    output(size) { unsafe maximum(a, outer: outer, middle: middle, inner: inner, $0) },
    reduced(-.infinity) { s, i, _ in max(s, Double(a[i])) }, within: 0)
}

@Test func `the sum of squares is that of Double for any count`() {
  for count in [0, 1, 15, 16, 4096, 4097, 20_000, 100_001] {
    let x = samples(count)
    let expected = x.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(unsafe abs(sumOfSquares(x, count) - expected) <= 1e-12 * (1 + expected))
  }
}

@Test func `folded rows are sums over each tree node, the same on any number of ranks`() {
  for (batch, shards, width) in [(7, 5, 3), (8, 8, 2500), (1, 1, 5), (30, 6, 1100)] {
    let x = samples(batch * width)
    func fold(_ ranks: Int) -> [Float] {
      root(
        rankRows(batch: batch, shards: shards, ranks: ranks).map { part in
          (
            output(part.rows.nodeCount * width) { unsafe foldRows(Array(x[(part.first * width)...]), rowSize: width, rows: part.rows, $0) },
            part.nodes
          )
        }, shards: shards, size: width)
    }
    let expected = (0..<width).map { c in (0..<batch).reduce(0.0) { $0 + Double(x[$1 * width + c]) } }
    let one = fold(1)
    expectClose(one, expected, within: 1e-6)
    for ranks in 1...shards { #expect(bits(fold(ranks)) == bits(one)) }
  }
}

@Test func `a leaf of two segments sums the rows of both`() {
  let x: [Float] = [1, 10, 100, 1000]
  let rows = ShardRows(segments: [[0..<1, 2..<3], [1..<2, 3..<4]], tree: ShardTree(shardCount: 3), owned: 1..<3)
  #expect(rows.nodeCount == 2)
  #expect(output(2) { unsafe foldRows(x, rowSize: 1, rows: rows, $0) } == [101, 1010])
}

@Test func `combination follows the steps of the tree`() {
  // (a + b) + c and a + (b + c) differ here.
  let a: [Float] = [1e8], b: [Float] = [-1e8], c: [Float] = [1]
  unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      unsafe c.withUnsafeBufferPointer { c in
        let parts = unsafe [a.baseAddress!, b.baseAddress!, c.baseAddress!]
        #expect(output(1) { unsafe combine(parts, steps: [.push(0), .push(1), .merge, .push(2), .merge], count: 1, into: $0) } == [1])
        #expect(output(1) { unsafe combine(parts, steps: [.push(0), .push(1), .push(2), .merge, .merge], count: 1, into: $0) } == [0])
      }
    }
  }
}

extension ThreadCounts {
  @Test func `reductions give the same bits on any number of threads`() {
    let x = samples(400_000)
    expectSameBitsOnAnyThreads("sum of all") { output(1) { unsafe sum(x, outer: 1, middle: 400_000, inner: 1, $0) } }
    expectSameBitsOnAnyThreads("sum of columns") { output(400) { unsafe sum(x, outer: 1, middle: 1000, inner: 400, $0) } }
    expectSameBitsOnAnyThreads("sum of squares") { [Float(unsafe sumOfSquares(x, 400_000))] }
    let rows = rankRows(batch: 40, shards: 7, ranks: 2)[0].rows
    expectSameBitsOnAnyThreads("folded rows") { output(rows.nodeCount * 10_000) { unsafe foldRows(x, rowSize: 10_000, rows: rows, $0) } }
  }
}
