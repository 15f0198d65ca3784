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
    let target = y + row * rowSize + column
    let count = min(64, rowSize - column)
    var i = 0
    while i < count {
      let bits = words(word, row: firstRow + row, block: (column + i) >> 2)
      for j in 0..<min(4, count - i) { target[i + j] = Float(bits[j] >> 8) * 0x1p-24 }
      i += 4
    }
  }
}

/// Standard normal numbers by Box-Muller: `y` is `[rowCount, rowSize]`, its rows the stream's rows from `firstRow` on.
///
/// Each pair takes 32 bits for the radius, so that tails reach 6.7, and 32 for the angle. Relative error below 1e-6.
public func fillNormal(_ key: RandomKey, firstRow: Int, rowCount: Int, rowSize: Int, _ y: Output) {
  let word = key.word
  forGroups(rowCount, rowSize) { row, column in
    let target = y + row * rowSize + column
    let count = min(64, rowSize - column)
    var radius = (SIMD16<UInt32>.zero, SIMD16<UInt32>.zero)
    var angle = (SIMD16<UInt32>.zero, SIMD16<UInt32>.zero)
    for lane in 0..<min(16, (count + 3) / 4) {
      let bits = words(word, row: firstRow + row, block: (column >> 2) + lane)
      radius.0[lane] = bits.x
      angle.0[lane] = bits.y
      radius.1[lane] = bits.z
      angle.1[lane] = bits.w
    }
    let (a, b) = normalPairs(radius.0, angle.0)
    let (c, d) = normalPairs(radius.1, angle.1)
    for lane in 0..<min(16, (count + 3) / 4) {
      let quad = SIMD4(a[lane], b[lane], c[lane], d[lane])
      for j in 0..<min(4, count - 4 * lane) { target[4 * lane + j] = quad[j] }
    }
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
  let length = (-2 * logarithms).squareRoot()
  let turns = Lane(SIMD16<Int32>(truncatingIfNeeded: angle &>> 8)) * 0x1p-24
  let (sine, cosine) = circle(turns: turns)
  return (length * cosine, length * sine)
}
