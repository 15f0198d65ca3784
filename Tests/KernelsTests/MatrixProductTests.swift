import COpenBLAS
import Kernels
import Sharding
import Testing

/// Sizes m, n, k: vectors, odd ones, ones that are cut into blocks.
private let sizes = [
  (1, 1, 1), (1, 70, 33), (70, 1, 33), (1, 1, 200), (5, 7, 3), (33, 17, 65), (300, 40, 190), (1, 700, 100), (700, 1, 100), (4, 5, 0),
]
private let transposes = [(false, false), (true, false), (false, true), (true, true)]

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

/// With more threads OpenBLAS cuts sums in other places, which no comparison of the workers' thread counts would show.
@Test func `OpenBLAS stays on the thread that calls it`() {
  let c = output(4) {
    unsafe batchedProduct([1, 2], 0, [3, 4], 0, $0, 4, batch: 1, m: 2, n: 2, k: 1, transposeA: false, transposeB: false)
  }
  #expect(c == [3, 4, 6, 8])
  #expect(openblas_get_num_threads() == 1)
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
    expectSameBitsOnAnyThreads("rows") {
      output(517 * n) { unsafe rowProduct(a, b, $0, rows: 517, n: n, k: k, transposeB: false) }
    }
    let c = samples(517 * n, seed: 4)
    expectSameBitsOnAnyThreads("sharded outer") {
      output(k * n) { unsafe shardedOuterProduct(a, c, $0, rows: rows, rowsPerSample: 11, m: k, n: n) }
    }
  }
}
