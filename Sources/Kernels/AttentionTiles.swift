/// `C [rows, 32] (+)= A B` over `depth` terms in ascending order, for any number of rows: nothing beyond the last row of A is read.
///
/// Element (row, term) of A lies at `row · rowStep + term · termStep`; rows of B and C hold 32 numbers.
func panelProduct(
  rows: Int, depth: Int, _ a: Input, rowStep: Int, termStep: Int, _ b: Input, _ c: Output, accumulate: Bool
) {
  let product = TileProduct<Floats>(depth: depth, rowStep: rowStep, termStep: termStep, bStep: 32, cStep: 32, accumulate: accumulate)
  var row = rows / 4 * 4
  product.run(rows: row, columns: 32, a, b, c)
  while row < rows {
    panelRow(depth: depth, a + row * rowStep, termStep: termStep, b, c + row * 32, accumulate: accumulate)
    row += 1
  }
}

@inline(__always)
private func panelRow(depth: Int, _ a: Input, termStep: Int, _ b: Input, _ c: Output, accumulate: Bool) {
  var (s, t) = accumulate ? (c.lane(0), c.lane(16)) : (Lane.zero, Lane.zero)
  var a = a
  var b = b
  for _ in 0..<depth {
    let factor = Lane(repeating: a[0])
    s.addProduct(factor, b.lane(0))
    t.addProduct(factor, b.lane(16))
    a += termStep
    b += 32
  }
  c.store(s, 0)
  c.store(t, 16)
}

/// `C [rows, width] (+)= A B` over the 32 columns of a panel `A [rows, 32]`, with rows a multiple of 8 and the width of 16.
func panelContraction(rows: Int, width: Int, depth: Int, _ a: Input, _ b: Input, _ c: Output, accumulate: Bool) {
  let product = TileProduct<Floats>(depth: depth, rowStep: 32, termStep: 1, bStep: width, cStep: width, accumulate: accumulate)
  product.run(rows: rows, columns: width, a, b, c)
}

/// The first `count` rows of `x [count, width]`, multiplied by `factor`, as the columns of `y [width, 32]`; columns beyond are zeros.
func turnIntoPanel(_ x: Input, count: Int, width: Int, factor: Float = 1, _ y: Output) {
  if count < 32 { y.update(repeating: 0, count: width * 32) }
  for row in 0..<count {
    let source = x + row * width
    for i in 0..<width { y[i * 32 + row] = factor * source[i] }
  }
}
