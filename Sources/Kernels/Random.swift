/// Names a stream of random numbers; value `j` of row `i` of a stream is a pure function of the key, `i` and `j`.
///
/// A row is usually a sample's global index, so that draws do not depend on which rank or thread makes them.
public struct RandomKey: Sendable, Hashable {
  /// The seed of the run.
  public var seed: UInt64
  /// What the numbers are for: streams of different purposes are independent.
  public var purpose: UInt64
  /// The training step, or 0.
  public var step: UInt64

  /// The stream of a seed, a purpose and a step.
  public init(seed: UInt64, purpose: UInt64, step: UInt64) {
    self.seed = seed
    self.purpose = purpose
    self.step = step
  }

  /// The 64-bit key of the generator: three words mixed one after another.
  var word: UInt64 { mixed(mixed(mixed(seed) ^ purpose) ^ step) }
}

/// One block of Philox4x32-10: four random words as a function of a 128-bit counter and a 64-bit key.
/// - Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel Random Numbers: As Easy as 1, 2, 3", https://doi.org/10.1145/2063384.2063405
@inline(__always)
func philox(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
  var (c0, c1, c2, c3) = (counter.x, counter.y, counter.z, counter.w)
  var (k0, k1) = (key.x, key.y)
  for _ in 0..<10 {
    let p0 = UInt64(c0) &* 0xd251_1f53
    let p1 = UInt64(c2) &* 0xcd9e_8d57
    c0 = UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0
    c2 = UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1
    c1 = UInt32(truncatingIfNeeded: p1)
    c3 = UInt32(truncatingIfNeeded: p0)
    k0 = k0 &+ 0x9e37_79b9
    k1 = k1 &+ 0xbb67_ae85
  }
  return SIMD4(c0, c1, c2, c3)
}

@inline(__always)
private func words(_ key: UInt64, row: Int, block: Int) -> SIMD4<UInt32> {
  let row = UInt64(bitPattern: Int64(row))
  let block = UInt64(bitPattern: Int64(block))
  return philox(
    SIMD4(
      UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), UInt32(truncatingIfNeeded: row),
      UInt32(truncatingIfNeeded: row >> 32)),
    key: SIMD2(UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32)))
}

/// `words` of sixteen blocks in a row, one in each place of the four vectors.
@inline(__always)
private func sixteenWords(
  _ key: UInt64, row: Int, block: Int
) -> (SIMD16<UInt32>, SIMD16<UInt32>, SIMD16<UInt32>, SIMD16<UInt32>) {
  typealias Wide = SIMD16<UInt64>
  let row = UInt64(bitPattern: Int64(row))
  let blocks = Wide(repeating: UInt64(bitPattern: Int64(block))) &+ Wide(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  // All words are kept in 64 bits with zeros above, so that products need no conversion.
  let mask = Wide(repeating: 0xffff_ffff)
  var (c0, c1) = (blocks & mask, blocks &>> 32)
  var (c2, c3) = (Wide(repeating: row & 0xffff_ffff), Wide(repeating: row >> 32))
  var (k0, k1) = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
  for _ in 0..<10 {
    let p0 = c0 &* Wide(repeating: 0xd251_1f53)
    let p1 = c2 &* Wide(repeating: 0xcd9e_8d57)
    c0 = (p1 &>> 32) ^ c1 ^ Wide(repeating: UInt64(k0))
    c2 = (p0 &>> 32) ^ c3 ^ Wide(repeating: UInt64(k1))
    c1 = p1 & mask
    c3 = p0 & mask
    k0 = k0 &+ 0x9e37_79b9
    k1 = k1 &+ 0xbb67_ae85
  }
  return (
    SIMD16<UInt32>(truncatingIfNeeded: c0), SIMD16<UInt32>(truncatingIfNeeded: c1), SIMD16<UInt32>(truncatingIfNeeded: c2),
    SIMD16<UInt32>(truncatingIfNeeded: c3)
  )
}

/// Stores sixteen rows of four as they lie in a stream, at most `count` numbers.
@inline(__always)
private func storeQuads(_ a: Lane, _ b: Lane, _ c: Lane, _ d: Lane, _ target: Output, count: Int) {
  if count == 64 {
    for lane in 0..<16 {
      UnsafeMutableRawPointer(target + 4 * lane).storeBytes(of: SIMD4(a[lane], b[lane], c[lane], d[lane]), as: SIMD4<Float>.self)
    }
    return
  }
  for index in 0..<count {
    let quad = SIMD4(a[index >> 2], b[index >> 2], c[index >> 2], d[index >> 2])
    target[index] = quad[index & 3]
  }
}

/// The 32 random bits at `index` of `row`.
public func randomBits(_ key: RandomKey, row: Int, index: Int) -> UInt32 {
  words(key.word, row: row, block: index >> 2)[index & 3]
}

/// Runs `body(row, first column, target)` for groups of 64 columns, over the threads.
@inline(__always)
private func forGroups(_ rowCount: Int, _ rowSize: Int, _ body: (Int, Int) -> Void) {
  let groups = (rowSize + 63) / 64
  Workers.forRanges(rowCount * groups, grain: 64) { range in
    for task in range { body(task / groups, (task % groups) * 64) }
  }
}

/// Uniform numbers in [0, 1) with 24 bits: `y` is `[rowCount, rowSize]`, its rows the stream's rows from `firstRow` on.
public func fillUniform(_ key: RandomKey, firstRow: Int, rowCount: Int, rowSize: Int, _ y: Output) {
  let word = key.word
  forGroups(rowCount, rowSize) { row, column in
    let bits = sixteenWords(word, row: firstRow + row, block: column >> 2)
    func fraction(_ bits: SIMD16<UInt32>) -> Lane { Lane(SIMD16<Int32>(truncatingIfNeeded: bits &>> 8)) * 0x1p-24 }
    storeQuads(
      fraction(bits.0), fraction(bits.1), fraction(bits.2), fraction(bits.3), y + row * rowSize + column,
      count: min(64, rowSize - column))
  }
}

/// Standard normal numbers by Box-Muller: `y` is `[rowCount, rowSize]`, its rows the stream's rows from `firstRow` on.
///
/// Each pair takes 32 bits for the radius, so that tails reach 6.7, and 32 for the angle. Relative error below 1e-6.
public func fillNormal(_ key: RandomKey, firstRow: Int, rowCount: Int, rowSize: Int, _ y: Output) {
  let word = key.word
  forGroups(rowCount, rowSize) { row, column in
    let bits = sixteenWords(word, row: firstRow + row, block: column >> 2)
    let (a, b) = normalPairs(bits.0, bits.1)
    let (c, d) = normalPairs(bits.2, bits.3)
    storeQuads(a, b, c, d, y + row * rowSize + column, count: min(64, rowSize - column))
  }
}

/// Sixteen pairs `√(-2 ln u) (cos 2πt, sin 2πt)` for `u = (radius + ½) / 2³²`.
@inline(__always)
private func normalPairs(_ radius: SIMD16<UInt32>, _ angle: SIMD16<UInt32>) -> (Lane, Lane) {
  // Above one half u is counted from 1 downwards, where Float would lose its last bits and small radii their accuracy.
  let upper = radius .>= 0x8000_0000
  let distance = radius.replacing(with: ~radius, where: upper)
  let fraction = Lane(SIMD16<Int32>(truncatingIfNeeded: distance)) * 0x1p-32 + 0x1p-33
  let low = logarithm(fraction)
  let high = logarithmOnePlus(-fraction)
  let logarithms = low.replacing(with: high, where: upper)
  let length = squareRoot(-2 * logarithms)
  let turns = Lane(SIMD16<Int32>(truncatingIfNeeded: angle &>> 8)) * 0x1p-24
  let (sine, cosine) = circle(turns: turns)
  return (length * cosine, length * sine)
}
