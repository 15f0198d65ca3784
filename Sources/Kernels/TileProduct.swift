/// `C [8, 32] (+)= A B` over `depth` terms in ascending order, so that an element's bits do not depend on its neighbours.
///
/// - Parameters:
///   - a: element (row, term) lies at `row · rowStep + term · termStep`.
///   - b: 32 numbers for each term, `bStep` apart.
///   - accumulate: whether to add to what `c` holds.
@inline(__always)
func tileProduct32(
  depth: Int, _ a: Input, rowStep: Int, termStep: Int, _ b: Input, bStep: Int, _ c: Output, cStep: Int, accumulate: Bool
) {
  var (s0, s1, s2, s3, s4, s5, s6, s7) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero)
  var (t0, t1, t2, t3, t4, t5, t6, t7) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero)
  if accumulate {
    (s0, t0, s1, t1) = (c.lane(0), c.lane(16), c.lane(cStep), c.lane(cStep + 16))
    (s2, t2, s3, t3) = (c.lane(2 * cStep), c.lane(2 * cStep + 16), c.lane(3 * cStep), c.lane(3 * cStep + 16))
    (s4, t4, s5, t5) = (c.lane(4 * cStep), c.lane(4 * cStep + 16), c.lane(5 * cStep), c.lane(5 * cStep + 16))
    (s6, t6, s7, t7) = (c.lane(6 * cStep), c.lane(6 * cStep + 16), c.lane(7 * cStep), c.lane(7 * cStep + 16))
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
    factor = Lane(repeating: a[4 &* rowStep])
    s4.addProduct(factor, low)
    t4.addProduct(factor, high)
    factor = Lane(repeating: a[5 &* rowStep])
    s5.addProduct(factor, low)
    t5.addProduct(factor, high)
    factor = Lane(repeating: a[6 &* rowStep])
    s6.addProduct(factor, low)
    t6.addProduct(factor, high)
    factor = Lane(repeating: a[7 &* rowStep])
    s7.addProduct(factor, low)
    t7.addProduct(factor, high)
    a += termStep
    b += bStep
  }
  c.store(s0, 0)
  c.store(t0, 16)
  c.store(s1, cStep)
  c.store(t1, cStep + 16)
  c.store(s2, 2 * cStep)
  c.store(t2, 2 * cStep + 16)
  c.store(s3, 3 * cStep)
  c.store(t3, 3 * cStep + 16)
  c.store(s4, 4 * cStep)
  c.store(t4, 4 * cStep + 16)
  c.store(s5, 5 * cStep)
  c.store(t5, 5 * cStep + 16)
  c.store(s6, 6 * cStep)
  c.store(t6, 6 * cStep + 16)
  c.store(s7, 7 * cStep)
  c.store(t7, 7 * cStep + 16)
}

/// `tileProduct32` for the last 16 columns of a matrix whose width is no multiple of 32.
@inline(__always)
func tileProduct16(
  depth: Int, _ a: Input, rowStep: Int, termStep: Int, _ b: Input, bStep: Int, _ c: Output, cStep: Int, accumulate: Bool
) {
  var (s0, s1, s2, s3, s4, s5, s6, s7) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero)
  if accumulate {
    (s0, s1, s2, s3) = (c.lane(0), c.lane(cStep), c.lane(2 * cStep), c.lane(3 * cStep))
    (s4, s5, s6, s7) = (c.lane(4 * cStep), c.lane(5 * cStep), c.lane(6 * cStep), c.lane(7 * cStep))
  }
  var a = a
  var b = b
  for _ in 0..<depth {
    let low = b.lane(0)
    s0.addProduct(Lane(repeating: a[0]), low)
    s1.addProduct(Lane(repeating: a[rowStep]), low)
    s2.addProduct(Lane(repeating: a[2 &* rowStep]), low)
    s3.addProduct(Lane(repeating: a[3 &* rowStep]), low)
    s4.addProduct(Lane(repeating: a[4 &* rowStep]), low)
    s5.addProduct(Lane(repeating: a[5 &* rowStep]), low)
    s6.addProduct(Lane(repeating: a[6 &* rowStep]), low)
    s7.addProduct(Lane(repeating: a[7 &* rowStep]), low)
    a += termStep
    b += bStep
  }
  c.store(s0, 0)
  c.store(s1, cStep)
  c.store(s2, 2 * cStep)
  c.store(s3, 3 * cStep)
  c.store(s4, 4 * cStep)
  c.store(s5, 5 * cStep)
  c.store(s6, 6 * cStep)
  c.store(s7, 7 * cStep)
}
