public import Sharding

/// `C = A op(B)` for a batch: A is `[samples * rowsPerSample, k]`, B `[k, n]` (transposed: `[n, k]`) the same for all samples.
///
/// One OpenBLAS call covers a segment of a shard, or, from 64 rows per sample on, a band of one sample's rows.
public func shardedProduct(
  _ a: Input, _ b: Input, _ c: Output, rows: ShardRows, rowsPerSample: Int, n: Int, k: Int, transposeB: Bool
) {
  if rowsPerSample >= 64 {
    let band = rowsPerSample >= 512 ? 256 : rowsPerSample
    let bands = (rowsPerSample + band - 1) / band
    let samples = rows.segments.flatMap { $0.flatMap { Array($0) } }
    Workers.forEach(samples.count * bands) { task in
      let start = (task % bands) * band
      let row = samples[task / bands] * rowsPerSample + start
      gemm(
        a + row * k, k, b, transposeB ? k : n, c + row * n, n, m: min(band, rowsPerSample - start), n: n, k: k, transposeB: transposeB)
    }
    return
  }
  let segments = rows.segments.flatMap { $0 }.filter { !$0.isEmpty }
  let block = n >= 512 ? 256 : n
  let blocks = block == 0 ? 0 : (n + block - 1) / block
  let work = rows.rowCount * rowsPerSample * n * k
  Workers.forRanges(segments.count * blocks, grain: work < 1 << 17 ? segments.count * blocks : 1) { range in
    for task in range {
      let segment = segments[task / blocks]
      let column = (task % blocks) * block
      let row = segment.lowerBound * rowsPerSample
      gemm(
        a + row * k, k, b + (transposeB ? column * k : column), transposeB ? k : n, c + row * n + column, n,
        m: segment.count * rowsPerSample, n: min(block, n - column), k: k, transposeB: transposeB)
    }
  }
}

/// `C[node] = Σ Aᵀ B` over the rows of each tree node: A is `[samples * rowsPerSample, m]`, B `[…, n]`, C `[nodeCount, m, n]`.
///
/// Each leaf is summed over its segments in order, one OpenBLAS call per segment and block of rows of C (which depends on m and n
/// alone); the leaves are added by `rows.steps`.
public func shardedOuterProduct(
  _ a: Input, _ b: Input, _ c: Output, rows: ShardRows, rowsPerSample: Int, m: Int, n: Int
) {
  if m == 0 || n == 0 { return }
  let block = min(m, max(16, 65536 / n / 16 * 16))
  Workers.forRanges(m, grain: block) { range in
    let count = range.count
    withScratch(rows.stackHeight * count * n) { memory in
      foldTree(rows.steps, size: count * n, memory: memory) { leaf, partial in
        var beta: Float = 0
        for segment in rows.segments[leaf] where !segment.isEmpty {
          let row = segment.lowerBound * rowsPerSample
          gemm(
            a + row * m + range.lowerBound, m, b + row * n, n, partial, n, m: count, n: n, k: segment.count * rowsPerSample,
            transposeA: true, beta: beta)
          beta = 1
        }
        if beta == 0 { partial.update(repeating: 0, count: count * n) }
      } finish: { node, sum in
        (c + (node * m + range.lowerBound) * n).update(from: sum, count: count * n)
      }
    }
  }
}
