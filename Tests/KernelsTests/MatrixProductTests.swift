import Kernels
import Sharding
import Testing

/// Sizes m, n, k: vectors, odd ones, ones that are cut into blocks.
private let sizes = [
  (1, 1, 1), (1, 70, 33), (70, 1, 33), (1, 1, 200), (5, 7, 3), (33, 17, 65), (300, 40, 190), (1, 700, 100), (700, 1, 100), (4, 5, 0),
]
private let transposes = [(false, false), (true, false), (false, true), (true, true)]

/// `op(A) op(B)` in Double, from offsets on.
private func product(
  _ a: [Float], _ aStart: Int, _ b: [Float], _ bStart: Int, _ m: Int, _ n: Int, _ k: Int, _ transposeA: Bool, _ transposeB: Bool
) -> [Double] {
  (0..<m * n).map { index in
    let (i, j) = (index / n, index % n)
    return (0..<k).reduce(0.0) {
      $0 + Double(a[aStart + (transposeA ? $1 * m + i : i * k + $1)]) * Double(b[bStart + (transposeB ? j * k + $1 : $1 * n + j)])
    }
  }
}

@Test(arguments: sizes) func `products of replicated operands equal naive loops`(_ m: Int, _ n: Int, _ k: Int) {
  let a = samples(m * k), b = samples(k * n, seed: 2)
  for (transposeA, transposeB) in transposes {
    let c = output(m * n) { unsafe replicatedProduct(a, b, $0, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB) }
    expectClose(c, product(a, 0, b, 0, m, n, k, transposeA, transposeB), "\(transposeA) \(transposeB)")
  }
}

@Test(arguments: sizes) func `batched products equal naive loops, with shared operands too`(_ m: Int, _ n: Int, _ k: Int) {
  let batch = 3
  let a = samples(batch * m * k), b = samples(batch * k * n, seed: 2)
  for (transposeA, transposeB) in transposes {
    for (aStride, bStride) in [(m * k, k * n), (0, k * n), (m * k, 0)] {
      let c = output(batch * m * n) {
        unsafe batchedProduct(
          a, aStride, b, bStride, $0, m * n, batch: batch, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB)
      }
      let expected = (0..<batch).flatMap { product(a, $0 * aStride, b, $0 * bStride, m, n, k, transposeA, transposeB) }
      expectClose(c, expected, "\(transposeA) \(transposeB)")
    }
  }
}

/// Rows per sample, n, k: dense layers, wide ones, sequences.
private let shardedSizes = [(1, 5, 7), (3, 600, 33), (16, 17, 40), (64, 20, 30), (600, 9, 12)]

@Test(arguments: shardedSizes) func `sharded products equal naive loops and have the same bits on any number of ranks`(
  _ perSample: Int, _ n: Int, _ k: Int
) {
  let (batch, shards) = (9, 4)
  let a = samples(batch * perSample * k), b = samples(n * k, seed: 2)
  for transposeB in [false, true] {
    func all(_ ranks: Int) -> [Float] {
      rankRows(batch: batch, shards: shards, ranks: ranks).flatMap { part in
        output(part.rows.rowCount * perSample * n) {
          unsafe shardedProduct(
            Array(a[(part.first * perSample * k)...]), b, $0, rows: part.rows, rowsPerSample: perSample, n: n, k: k, transposeB: transposeB)
        }
      }
    }
    let one = all(1)
    expectClose(one, product(a, 0, b, 0, batch * perSample, n, k, false, transposeB))
    for ranks in 2...4 { #expect(bits(all(ranks)) == bits(one)) }
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
  for ranks in 2...5 { #expect(bits(all(ranks)) == bits(one)) }
}

@Test func `an outer product takes all segments of a leaf`() {
  let a = integers(4 * 2 * 3), b = integers(4 * 2 * 5, seed: 2)
  let rows = ShardRows(segments: [[0..<1, 2..<3], [1..<2, 3..<4]], tree: ShardTree(shardCount: 2), owned: 0..<2)
  let c = output(15) { unsafe shardedOuterProduct(a, b, $0, rows: rows, rowsPerSample: 2, m: 3, n: 5) }
  #expect(c.map(Double.init) == product(a, 0, b, 0, 3, 5, 8, true, false))
}

extension ThreadCounts {
  @Test func `products give the same bits on any number of threads`() {
    let (m, n, k) = (517, 333, 130)
    let a = samples(m * k), b = samples(k * n, seed: 2), v = samples(m, seed: 3)
    expectSameBitsOnAnyThreads("replicated") {
      output(m * n) { unsafe replicatedProduct(a, b, $0, m: m, n: n, k: k, transposeA: false, transposeB: false) }
    }
    expectSameBitsOnAnyThreads("vector times matrix") {
      output(k) { unsafe replicatedProduct(v, a, $0, m: 1, n: k, k: m, transposeA: false, transposeB: false) }
    }
    let rows = rankRows(batch: 47, shards: 8, ranks: 1)[0].rows
    expectSameBitsOnAnyThreads("sharded") {
      output(517 * n) { unsafe shardedProduct(a, b, $0, rows: rows, rowsPerSample: 11, n: n, k: k, transposeB: false) }
    }
    let c = samples(517 * n, seed: 4)
    expectSameBitsOnAnyThreads("sharded outer") {
      output(k * n) { unsafe shardedOuterProduct(a, c, $0, rows: rows, rowsPerSample: 11, m: k, n: n) }
    }
  }
}
