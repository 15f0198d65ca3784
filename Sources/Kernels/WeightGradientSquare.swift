/// The sums of 16 input and 16 output channels: a stack of sums of leaves, each `[tap][input][16]`, and those of the leaf at hand at its
/// positions, of which one axis has been turned into taps: `[input][tap][line][16]`.
struct WeightGradientSquare<Transform: WinogradTransform> {
  /// Where the factors of a product begin: in the transformed inputs and in the transformed cotangents.
  typealias Term = SIMD2<Int>

  let stackHeight: Int
  let memory: Output

  private static var sumSize: Int { Transform.taps * Transform.taps * 256 }
  private static var lineSize: Int { Transform.window * 16 }

  /// Numbers that a square needs.
  static func size(stackHeight: Int) -> Int { stackHeight * sumSize + 16 * Transform.taps * lineSize }

  private var lines: Output { memory + stackHeight * Self.sumSize }

  /// One row of a sum that remained.
  @inline(__always)
  func sum(_ node: Int, tap: Int, row: Int) -> Lane { memory.lane(node * Self.sumSize + tap * 256 + row * 16) }

  /// Adds a leaf that goes by lines.
  ///
  /// - Parameters:
  ///   - lines: where the terms of each row of taps lie in `terms`.
  ///   - v: the transformed inputs of its tiles.
  ///   - u: their transformed cotangents.
  func addLines(
    _ lines: UnsafePointer<Range<Int>>, _ terms: UnsafePointer<Term>, _ v: Input, _ u: Input, _ order: LeafOrder
  ) {
    let sum = memory + order.height &* Self.sumSize
    for tap in 0..<Transform.taps {
      for row in stride(from: 0, to: 16, by: 4) {
        sumTaps(terms + lines[tap].lowerBound, lines[tap].count, v + row, u, sum + (tap &* Transform.taps &* 256 &+ row &* 16))
      }
    }
    merge(sum, order.merges)
  }

  /// Adds a leaf whose products are summed in registers.
  ///
  /// - Parameters:
  ///   - v: the transformed inputs of its tiles, `[line][tile][position][16]`, lines `lineStep` apart.
  ///   - u: their transformed cotangents, likewise.
  func addTiles(_ count: Int, lineStep: Int, _ v: Input, _ u: Input, _ order: LeafOrder) {
    let sum = memory + order.height &* Self.sumSize
    for line in 0..<Transform.window {
      let (v, u) = (v + line &* lineStep, u + line &* lineStep)
      for row in stride(from: 0, to: 16, by: 4) {
        sumLine(count, v + row, u, lines + (row &* Transform.taps &* Self.lineSize &+ line &* 16))
      }
    }
    turnLines(sum)
    merge(sum, order.merges)
  }

  /// Adds the sum on top of the stack to the one below, that sum to the one below it, and so on.
  private func merge(_ top: Output, _ count: Int) {
    if count == 0 { return }
    for place in stride(from: 0, to: Self.sumSize, by: 16) {
      var (left, sum) = (top + place, top.lane(place))
      for _ in 0..<count {
        left -= Self.sumSize
        sum = left.lane(0) + sum
      }
      left.store(sum, 0)
    }
  }

  /// Four input channels of a row of taps.
  @inline(never)
  private func sumTaps(_ terms: UnsafePointer<Term>, _ count: Int, _ v: Input, _ u: Input, _ target: Output) {
    var sums = FourSums<Transform>()
    for index in 0..<count { sums.add(v + terms[index].x, u + terms[index].y) }
    sums.turn { target.store($2, $1 &* 256 &+ $0 &* 16) }
  }

  /// Four input channels of a line of positions.
  @inline(never)
  private func sumLine(_ count: Int, _ v: Input, _ u: Input, _ target: Output) {
    var sums = FourSums<Transform>()
    for tile in 0..<count { sums.add(v + tile &* Self.lineSize, u + tile &* Self.lineSize) }
    sums.turn { target.store($2, ($0 &* Transform.taps &+ $1) &* Self.lineSize) }
  }

  /// Turns the lines of positions into rows of taps.
  @inline(never)
  private func turnLines(_ target: Output) {
    for row in 0..<16 {
      for tap in 0..<Transform.taps {
        let line = lines + (row &* Transform.taps &+ tap) &* Self.lineSize
        let place = target + (tap &* 256 &+ row &* 16)
        Transform.weightAdjoint({ line.lane($0 &* 16) }, { place.store($1, $0 &* Transform.taps &* 256) })
      }
    }
  }
}

/// The products of four input channels at all positions of a line, summed in registers.
private struct FourSums<Transform: WinogradTransform> {
  private var r0 = LineSums<Transform>(), r1 = LineSums<Transform>(), r2 = LineSums<Transform>(), r3 = LineSums<Transform>()

  @inline(__always)
  mutating func add(_ v: Input, _ u: Input) {
    r0.add(v, u)
    r1.add(v + 1, u)
    r2.add(v + 2, u)
    r3.add(v + 3, u)
  }

  /// Turns positions into taps; `result` takes the input channel and the tap.
  @inline(__always)
  func turn(_ result: (Int, Int, Lane) -> Void) {
    Transform.weightAdjoint({ r0[$0] }, { result(0, $0, $1) })
    Transform.weightAdjoint({ r1[$0] }, { result(1, $0, $1) })
    Transform.weightAdjoint({ r2[$0] }, { result(2, $0, $1) })
    Transform.weightAdjoint({ r3[$0] }, { result(3, $0, $1) })
  }
}

/// The sums of one input channel.
private struct LineSums<Transform: WinogradTransform> {
  private var s0 = Lane.zero, s1 = Lane.zero, s2 = Lane.zero, s3 = Lane.zero, s4 = Lane.zero, s5 = Lane.zero

  @inline(__always)
  mutating func add(_ v: Input, _ u: Input) {
    s0.addProduct(Lane(repeating: v[0]), u.lane(0))
    s1.addProduct(Lane(repeating: v[16]), u.lane(16))
    s2.addProduct(Lane(repeating: v[32]), u.lane(32))
    if Transform.window > 3 { s3.addProduct(Lane(repeating: v[48]), u.lane(48)) }
    if Transform.window > 4 { s4.addProduct(Lane(repeating: v[64]), u.lane(64)) }
    if Transform.window > 5 { s5.addProduct(Lane(repeating: v[80]), u.lane(80)) }
  }

  @inline(__always)
  subscript(index: Int) -> Lane {
    switch index {
    case 0: s0
    case 1: s1
    case 2: s2
    case 3: s3
    case 4: s4
    default: s5
    }
  }
}
