/// `C [rows, 32] (+)= A B` over `depth` terms in ascending order, for any number of rows: nothing beyond the last row of A is read.
///
/// Element (row, term) of A lies at `row · rowStep + term · termStep`; rows of B and C hold 32 numbers.
func panelProduct(
  rows: Int, depth: Int, _ a: Input, rowStep: Int, termStep: Int, _ b: Input, _ c: Output, accumulate: Bool
) {
  var row = 0
  while row + 8 <= rows {
    tileProduct32(
      depth: depth, a + row * rowStep, rowStep: rowStep, termStep: termStep, b, bStep: 32, c + row * 32, cStep: 32, accumulate: accumulate)
    row += 8
  }
  if row + 4 <= rows {
    panelRows4(depth: depth, a + row * rowStep, rowStep: rowStep, termStep: termStep, b, c + row * 32, accumulate: accumulate)
    row += 4
  }
  while row < rows {
    panelRow(depth: depth, a + row * rowStep, termStep: termStep, b, c + row * 32, accumulate: accumulate)
    row += 1
  }
}

@inline(__always)
private func panelRows4(depth: Int, _ a: Input, rowStep: Int, termStep: Int, _ b: Input, _ c: Output, accumulate: Bool) {
  var (s0, s1, s2, s3) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
  var (t0, t1, t2, t3) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
  if accumulate {
    (s0, t0, s1, t1) = (c.lane(0), c.lane(16), c.lane(32), c.lane(48))
    (s2, t2, s3, t3) = (c.lane(64), c.lane(80), c.lane(96), c.lane(112))
  }
  var a = a
  var b = b
  for _ in 0..<depth {
    let (low, high) = (b.lane(0), b.lane(16))
    var factor = Lane(repeating: a[0])
    s0.addProduct(factor, low)
    t0.addProduct(factor, high)
    factor = Lane(repeating: a[rowStep])
    s1.addProduct(factor, low)
    t1.addProduct(factor, high)
    factor = Lane(repeating: a[2 &* rowStep])
    s2.addProduct(factor, low)
    t2.addProduct(factor, high)
    factor = Lane(repeating: a[3 &* rowStep])
    s3.addProduct(factor, low)
    t3.addProduct(factor, high)
    a += termStep
    b += 32
  }
  c.store(s0, 0)
  c.store(t0, 16)
  c.store(s1, 32)
  c.store(t1, 48)
  c.store(s2, 64)
  c.store(t2, 80)
  c.store(s3, 96)
  c.store(t3, 112)
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
  var row = 0
  while row < rows {
    var column = 0
    while column + 32 <= width {
      tileProduct32(
        depth: depth, a + row * 32, rowStep: 32, termStep: 1, b + column, bStep: width, c + row * width + column, cStep: width,
        accumulate: accumulate)
      column += 32
    }
    if column < width {
      tileProduct16(
        depth: depth, a + row * 32, rowStep: 32, termStep: 1, b + column, bStep: width, c + row * width + column, cStep: width,
        accumulate: accumulate)
    }
    row += 8
  }
}

/// The first `count` rows of `x [count, width]` as the columns of `y [width, 32]`; columns beyond are zeros.
func turnIntoPanel(_ x: Input, count: Int, width: Int, _ y: Output) {
  if count < 32 { y.update(repeating: 0, count: width * 32) }
  for row in 0..<count {
    let source = x + row * width
    for i in 0..<width { y[i * 32 + row] = source[i] }
  }
}

/// The first `count` columns of `x [width, 32]` as the rows of `y [count, width]`.
func turnFromPanel(_ x: Input, count: Int, width: Int, _ y: Output) {
  for row in 0..<count {
    let target = y + row * width
    for i in 0..<width { target[i] = x[i * 32 + row] }
  }
}
