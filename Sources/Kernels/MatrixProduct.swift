import COpenBLAS

/// Keeps OpenBLAS on the calling thread: its own threads would change the order of additions.
private let blasIsSingleThreaded: Void = { openblas_set_num_threads(1) }()

/// `C = op(A) op(B) + beta C` by one single-threaded OpenBLAS call; `lda`, `ldb`, `ldc` are the row strides in memory.
@inline(__always)
func gemm(
  _ a: Input, _ lda: Int, _ b: Input, _ ldb: Int, _ c: Output, _ ldc: Int, m: Int, n: Int, k: Int, transposeA: Bool = false,
  transposeB: Bool = false, beta: Float = 0
) {
  _ = blasIsSingleThreaded
  if m == 0 || n == 0 { return }
  if k == 0 {
    if beta == 0 { for row in 0..<m { (c + row * ldc).update(repeating: 0, count: n) } }
    return
  }
  cblas_sgemm(
    CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a,
    Int32(lda), b, Int32(ldb), beta, c, Int32(ldc))
}

/// Calls OpenBLAS's single-thread switch before LAPACK is used.
func prepareBLAS() { _ = blasIsSingleThreaded }

/// Rows of C that one call computes: a function of the shape alone. Small products stay whole.
private func rowBlock(m: Int, n: Int, k: Int) -> Int {
  if 2 * m * n * k < 1 << 22 || m < 128 { return m }
  return min(m, max(64, (m / 8 + 15) / 16 * 16))
}

/// `C = op(A) op(B)` for each sample of a batch: A is `[m, k]` (transposed: `[k, m]`), B `[k, n]` (`[n, k]`), C `[m, n]`, at the given
/// strides from sample to sample; stride 0 shares an operand.
public func batchedProduct(
  _ a: Input, _ aStride: Int, _ b: Input, _ bStride: Int, _ c: Output, _ cStride: Int, batch: Int, m: Int, n: Int, k: Int,
  transposeA: Bool, transposeB: Bool
) {
  let block = rowBlock(m: m, n: n, k: k)
  let blocks = block == 0 ? 0 : (m + block - 1) / block
  let grain = max(1, (1 << 16) / max(1, block * n * k))
  Workers.forRanges(batch * blocks, grain: grain) { range in
    for task in range {
      let sample = task / blocks
      let row = (task % blocks) * block
      let lda = transposeA ? m : k
      gemm(
        a + sample * aStride + (transposeA ? row : row * lda), lda, b + sample * bStride, transposeB ? k : n,
        c + sample * cStride + row * n, n, m: min(block, m - row), n: n, k: k, transposeA: transposeA, transposeB: transposeB)
    }
  }
}

/// `C = op(A) op(B)` for operands that all ranks hold alike.
///
/// C is cut into blocks of rows that depend on m, n, k alone; products with a vector do without OpenBLAS.
public func replicatedProduct(
  _ a: Input, _ b: Input, _ c: Output, m: Int, n: Int, k: Int, transposeA: Bool, transposeB: Bool
) {
  if n == 1 {
    matrixVectorProduct(a, b, c, rows: m, columns: k, transposed: transposeA)
  } else if m == 1 {
    matrixVectorProduct(b, a, c, rows: n, columns: k, transposed: !transposeB)
  } else {
    batchedProduct(a, 0, b, 0, c, 0, batch: 1, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB)
  }
}

/// `y[r] = Σ_c matrix[r, c] x[c]`; transposed, the matrix is stored `[columns, rows]`.
private func matrixVectorProduct(_ matrix: Input, _ x: Input, _ y: Output, rows: Int, columns: Int, transposed: Bool) {
  if !transposed {
    Workers.forRanges(rows, grain: max(1, threadingGrain / max(columns, 1))) { range in
      for row in range { y[row] = dot(matrix + row * columns, x, columns) }
    }
    return
  }
  let block = 128
  let body = { (range: Range<Int>) in
    let target = y + range.lowerBound
    let size = range.count
    target.update(repeating: 0, count: size)
    for column in 0..<columns {
      let factor = x[column]
      let source = matrix + column * rows + range.lowerBound
      for i in 0..<size { target[i] += factor * source[i] }
    }
  }
  Workers.forRanges(rows, grain: rows * columns <= threadingGrain ? rows : block, body)
}

/// `Σ a[i] b[i]` in four running vectors, added in a fixed order.
@inline(__always)
private func dot(_ a: Input, _ b: Input, _ count: Int) -> Float {
  var s0 = Lane.zero
  var s1 = Lane.zero
  var s2 = Lane.zero
  var s3 = Lane.zero
  var i = 0
  while i + 64 <= count {
    s0.addProduct(a.lane(i), b.lane(i))
    s1.addProduct(a.lane(i + 16), b.lane(i + 16))
    s2.addProduct(a.lane(i + 32), b.lane(i + 32))
    s3.addProduct(a.lane(i + 48), b.lane(i + 48))
    i += 64
  }
  while i < count {
    let length = min(16, count - i)
    s0.addProduct(a.lane(i, count: length), b.lane(i, count: length))
    i += 16
  }
  return ((s0 + s1) + (s2 + s3)).sum()
}

/// OpenBLAS's core type and build, as `Cooperlake, OpenBLAS 0.3.21 …`: other ones add in another order.
public var blasDescription: String { "\(String(cString: openblas_get_corename())), \(String(cString: openblas_get_config()))" }
