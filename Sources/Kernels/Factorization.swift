import COpenBLAS

/// Makes a `[rows, columns]` matrix of normal draws a random orthonormal one: its rows, or its columns if those are fewer, become
/// orthonormal, uniformly distributed (Haar).
///
/// `Q · sign(diag R)` of the QR factorisation; without the sign the result would depend on the routine's convention.
/// - Source: Mezzadri 2007, "How to generate random matrices from the classical compact groups", section 5.
///   https://arxiv.org/abs/math-ph/0609050
public func orthonormalize(_ a: Output, rows: Int, columns: Int) {
  if rows == 0 || columns == 0 { return }
  if rows > columns {
    withScratch(rows * columns) { turned in
      transpose(a, shape: [rows, columns], permutation: [1, 0], turned)
      orthonormalizeRows(turned, rows: columns, columns: rows)
      transpose(turned, shape: [columns, rows], permutation: [1, 0], a)
    }
  } else {
    orthonormalizeRows(a, rows: rows, columns: columns)
  }
}

/// For `rows <= columns`; the row-major rows are the columns of LAPACK's column-major matrix.
private func orthonormalizeRows(_ a: Output, rows: Int, columns: Int) {
  prepareBLAS()
  var m = Int32(columns)
  var n = Int32(rows)
  var info: Int32 = 0
  var workSize = Int32(max(64 * rows, 1))
  withScratch(rows + rows + Int(workSize)) { memory in
    let tau = memory
    let signs = memory + rows
    let work = memory + 2 * rows
    sgeqrf_(&m, &n, a, &m, tau, work, &workSize, &info)
    for i in 0..<rows { signs[i] = a[i * columns + i] < 0 ? -1 : 1 }
    sorgqr_(&m, &n, &n, a, &m, tau, work, &workSize, &info)
    for i in 0..<rows {
      for j in 0..<columns { a[i * columns + j] *= signs[i] }
    }
  }
}
