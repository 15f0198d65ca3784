public import Sharding

/// `C = A op(B)` for all rows of a batch: A is `[rows, k]`, B `[k, n]` (transposed: `[n, k]`), the same for all rows.
///
/// An element's bits depend on its row of A and its column of B alone: images that are drawn together or apart are the same.
public func rowProduct(_ a: Input, _ b: Input, _ c: Output, rows: Int, n: Int, k: Int, transposeB: Bool) {
  let (band, block) = (256, 64)
  let (bands, blocks) = ((rows + band - 1) / band, (n + block - 1) / block)
  let work = max(1, min(rows, band) * min(n, block) * k)
  Workers.forRanges(bands * blocks, grain: max(1, (1 << 17) / work)) { range in
    for task in range {
      let (row, column) = (task / blocks * band, task % blocks * block)
      let columns = min(block, n - column)
      let size = PackedMatrix<Floats>.size(terms: k, columns: columns)
      withScratch(size + (transposeB ? k * columns : 0)) { memory in
        let packed = PackedMatrix<Floats>(terms: k, columns: columns, memory: memory)
        if transposeB {
          turn(b + column * k, rows: columns, columns: k, stride: k, memory + size)
          packed.pack(memory + size, step: columns)
        } else {
          packed.pack(b + column, step: n)
        }
        packed.product(
          rows: min(band, rows - row), a + row * k, rowStep: k, termStep: 1, c + row * n + column, cStep: n, accumulate: false)
      }
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
