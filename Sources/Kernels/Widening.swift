import COpenBLAS

/// How a 3x3 kernel becomes one of 4x4 and stride 2, exactly.
public enum Widening: Sendable, Hashable {
  /// `wide[a, b] = (w[a, b] + w[a-1, b] + w[a, b-1] + w[a-1, b-1]) / 4`, taps outside 0...2 being zero: a convolution of stride 2 with it
  /// is the one with the 3x3 kernel followed by the mean of 2x2 pixels.
  case pooling
  /// The same without the division, of the kernel turned by 180° with input and output channels exchanged: the adjoint of a convolution of
  /// stride 2 with it repeats each pixel in both directions and then convolves with the 3x3 kernel.
  case upsampling

  /// The wide kernel `[4, 4, inputs, outputs]`, for upsampling `[4, 4, outputs, inputs]`, of `scale · w`, `w`
  /// `[3, 3, inputs, outputs]`.
  public func widen(inputs: Int, outputs: Int, _ w: Input, scale: Float = 1, _ wide: Output) {
    let size = inputs * outputs
    // Wide kernels beyond the last-level cache are not read from it: their lines need not be fetched before they are written.
    let streams = 16 * size > 8 << 20
    switch self {
    case .pooling:
      forRuns(size) { run in
        for tap in 0..<16 {
          let place = wide + tap * size + run.lowerBound
          sum(to: tap, of: 4, by: -1, w + run.lowerBound, apart: size, factor: 0.25 * scale, count: run.count, streams: streams, place)
        }
      }
    case .upsampling:
      forTurnedRuns(w, taps: 9, rows: inputs, columns: outputs) { turned, apart, place, count in
        for tap in 0..<16 {
          sum(to: 15 - tap, of: 4, by: -1, turned, apart: apart, factor: scale, count: count, streams: streams, wide + tap * size + place)
        }
      }
    }
  }

  /// The adjoint of `widen`.
  public func narrow(inputs: Int, outputs: Int, _ wide: Input, _ w: Output) {
    let size = inputs * outputs
    switch self {
    case .pooling:
      forRuns(size) { run in
        for tap in 0..<9 {
          let place = w + tap * size + run.lowerBound
          sum(to: tap, of: 3, by: 1, wide + run.lowerBound, apart: size, factor: 0.25, count: run.count, place)
        }
      }
    case .upsampling:
      forTurnedRuns(wide, taps: 16, rows: outputs, columns: inputs) { turned, apart, place, count in
        for tap in 0..<9 { sum(to: 8 - tap, of: 3, by: 1, turned, apart: apart, factor: 1, count: count, w + tap * size + place) }
      }
    }
  }

  /// Some numbers of a tap of a kernel of `side` x `side`: the sum of the other kernel's taps at its row and column and at those `neighbour`
  /// beside, as far as they exist, times a factor. The other kernel's taps lie `apart`.
  private func sum(
    to tap: Int, of side: Int, by neighbour: Int, _ x: Input, apart: Int, factor: Float, count: Int, streams: Bool = false, _ y: Output
  ) {
    let others = 7 - side
    func both(_ place: Int) -> (Int, Int?) {
      let (first, second) = (min(place, place + neighbour), max(place, place + neighbour))
      return first < 0 ? (second, nil) : second < others ? (first, second) : (first, nil)
    }
    func source(_ row: Int, _ column: Int) -> Input { x + (row * others + column) * apart }
    let (rows, columns) = (both(tap / side), both(tap % side))
    let a = source(rows.0, columns.0)
    switch (rows.1, columns.1) {
    case (nil, nil): write(count, streams, y) { a.lane($0, count: $1) * factor }
    case (let row?, nil):
      let b = source(row, columns.0)
      write(count, streams, y) { (a.lane($0, count: $1) + b.lane($0, count: $1)) * factor }
    case (nil, let column?):
      let b = source(rows.0, column)
      write(count, streams, y) { (a.lane($0, count: $1) + b.lane($0, count: $1)) * factor }
    case (let row?, let column?):
      let (b, c, d) = (source(rows.0, column), source(row, columns.0), source(row, column))
      write(count, streams, y) {
        ((a.lane($0, count: $1) + b.lane($0, count: $1)) + (c.lane($0, count: $1) + d.lane($0, count: $1))) * factor
      }
    }
  }

  /// Writes `count` numbers, of which `value` gives the lanes; past the caches if they stream and whole lines are written.
  @inline(__always)
  private func write(_ count: Int, _ streams: Bool, _ y: Output, _ value: (Int, Int) -> Lane) {
    let whole = count / 16 * 16
    if streams && Int(bitPattern: y) % 64 == 0 {
      for index in stride(from: 0, to: whole, by: 16) { cblas_stream(y + index, value(index, 16)) }
    } else {
      for index in stride(from: 0, to: whole, by: 16) { y.store(value(index, 16), index) }
    }
    if whole < count { y.store(value(whole, count - whole), whole, count: count - whole) }
  }

  /// Runs of `size` numbers, of which those of all taps stay in the first-level cache.
  private func forRuns(_ size: Int, _ body: (Range<Int>) -> Void) { Workers.forRanges(size, grain: 512, body) }

  /// Runs of the rows of the transposes `[columns, rows]` of some matrices: `body` takes the run in the first of them and how far apart those
  /// of the others lie, the place of the run in a transpose, and its length.
  private func forTurnedRuns(_ x: Input, taps: Int, rows: Int, columns: Int, _ body: (Input, Int, Int, Int) -> Void) {
    let side = 64
    let size = rows * columns
    Workers.forEach((columns + side - 1) / side) { block in
      let column = block * side
      let width = min(side, columns - column)
      withScratch(taps * side * side) { turned in
        for row in stride(from: 0, to: rows, by: side) {
          let height = min(side, rows - row)
          for tap in 0..<taps {
            turn(x + tap * size + row * columns + column, rows: height, columns: width, stride: columns, turned + tap * side * side)
          }
          for j in 0..<width { body(turned + j * height, side * side, (column + j) * rows + row, height) }
        }
      }
    }
  }
}
