import Kernels
import Sharding
import Testing

/// Rows per sample, n, k: dense layers, wide ones, sequences.
private let shardedSizes = [(1, 5, 7), (3, 600, 33), (16, 17, 40), (64, 20, 30), (600, 9, 12)]

@Test(arguments: shardedSizes) func `products of rows equal naive loops, and a row has the same bits whatever others are computed with it`(
  _ perSample: Int, _ n: Int, _ k: Int
) {
  let rows = 9 * perSample
  let a = samples(rows * k), b = samples(n * k, seed: 2)
  for transposeB in [false, true] {
    func some(_ range: Range<Int>) -> [Float] {
      output(range.count * n) {
        unsafe rowProduct(
          Array(a[(range.lowerBound * k)..<(range.upperBound * k)]), b, $0, rows: range.count, n: n, k: k, transposeB: transposeB)
      }
    }
    let all = some(0..<rows)
    expectClose(all, product(a, 0, b, 0, rows, n, k, false, transposeB))
    for cut in [1, 2, 3, rows / 2, rows - 1] { expectSame(some(0..<cut) + some(cut..<rows), all) }
  }
}

@Test(arguments: shardedSizes) func `sharded outer products equal naive loops and have the same bits on any number of ranks`(
  _ perSample: Int, _ n: Int, _ m: Int
) {
  let (batch, shards) = (9, 7)
  let a = samples(batch * perSample * m), b = samples(batch * perSample * n, seed: 2)
  func all(_ ranks: Int) -> [Float] {
    root(
      rankRows(batch: batch, shards: shards, ranks: ranks).map { part in
        let c = output(part.rows.nodeCount * m * n) {
          unsafe shardedOuterProduct(
            Array(a[(part.first * perSample * m)...]), Array(b[(part.first * perSample * n)...]), $0, rows: part.rows,
            rowsPerSample: perSample, m: m, n: n)
        }
        return (c, part.nodes)
      }, shards: shards, size: m * n)
  }
  let one = all(1)
  expectClose(one, product(a, 0, b, 0, m, n, batch * perSample, true, false))
  for ranks in 2...5 { expectSame(all(ranks), one) }
}

@Test func `an outer product takes all segments of a leaf`() {
  let a = integers(4 * 2 * 3), b = integers(4 * 2 * 5, seed: 2)
  let rows = ShardRows(segments: [[0..<1, 2..<3], [1..<2, 3..<4]], tree: ShardTree(shardCount: 2), owned: 0..<2)
  let c = output(15) { unsafe shardedOuterProduct(a, b, $0, rows: rows, rowsPerSample: 2, m: 3, n: 5) }
  #expect(c.map(Double.init) == product(a, 0, b, 0, 3, 5, 8, true, false))
}

@Test(arguments: shardedSizes) func `outer products of two batches have the same bits on any number of ranks`(
  _ perSample: Int, _ n: Int, _ m: Int
) {
  let (batch, shards) = (7, 5)
  let (aSize, bSize) = (perSample * m, perSample * n)
  let a = (samples(batch * aSize), samples(batch * aSize, seed: 2)), b = (samples(batch * bSize, seed: 3), samples(batch * bSize, seed: 4))
  func all(_ ranks: Int) -> [Float] {
    root(
      concatenatedRankRows(batch: batch, shards: shards, ranks: ranks).map { part in
        let c = output(part.rows.nodeCount * m * n) {
          unsafe shardedOuterProduct(
            gathered(a.0, a.1, part, aSize), gathered(b.0, b.1, part, bSize), $0, rows: part.rows, rowsPerSample: perSample, m: m, n: n)
        }
        return (c, part.nodes)
      }, shards: shards, size: m * n)
  }
  let one = all(1)
  expectClose(one, product(a.0 + a.1, 0, b.0 + b.1, 0, m, n, 2 * batch * perSample, true, false))
  for ranks in 2...shards { expectSame(all(ranks), one, "\(ranks) ranks") }
}

/// The last leaf's place on the stack held another leaf's sum before: what is not written shows.
@Test func `a leaf without rows adds zero`() {
  let a = integers(2 * 3), b = integers(2 * 5, seed: 2)
  let rows = ShardRows(segments: [[0..<0, 0..<1], [1..<1, 1..<2], []], tree: ShardTree(shardCount: 4), owned: 0..<3)
  #expect(rows.nodeCount == 2)
  let c = output(30) { unsafe shardedOuterProduct(a, b, $0, rows: rows, rowsPerSample: 1, m: 3, n: 5) }
  #expect(c == product(a, 0, b, 0, 3, 5, 2, true, false).map(Float.init) + [Float](repeating: 0, count: 15))
}
