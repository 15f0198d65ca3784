import COpenBLAS

/// A pass of a convolution whose groups are single channels: vectors run along the channels, each with a kernel of its own, and eight pixels
/// of the target, or of two rows, are summed in registers.
///
/// The forward pass is one such pass, the input gradient one for each phase of the input's pixels.
struct DepthwisePass {
  private let height, width, channels: Int
  /// Distance between the windows of neighbouring target pixels, in source pixels.
  private let step: Int
  private let taps: [Tap]
  private let rows, columns: Int
  private let targetHeight, targetWidth: Int
  /// The target pixel of window (0, 0), and the distance between the pixels of neighbouring windows.
  private let targetRow, targetColumn, targetStep: Int

  /// The forward pass.
  init(_ g: ConvolutionGeometry) {
    (height, width, channels) = (g.height, g.width, g.inputChannels)
    (step, taps) = (g.stride, g.taps)
    (rows, columns) = (g.outputHeight, g.outputWidth)
    (targetHeight, targetWidth) = (g.outputHeight, g.outputWidth)
    (targetRow, targetColumn, targetStep) = (0, 0, 1)
  }

  /// The input gradient at the pixels of a phase.
  init(adjointOf g: ConvolutionGeometry, _ phase: ConvolutionPhase) {
    (height, width, channels) = (g.outputHeight, g.outputWidth, g.outputChannels)
    (step, taps) = (1, phase.taps)
    (rows, columns) = (phase.rows, phase.columns)
    (targetHeight, targetWidth) = (g.height, g.width)
    (targetRow, targetColumn, targetStep) = (phase.row, phase.column, g.stride)
  }

  /// A tap: the source pixel that it reads for pixel (0, 0) of the grid, and where this and the tap's weights lie.
  private struct Reach {
    let row, column: Int
    let source, weights: Int
  }

  /// Each number adds over its taps in order.
  func run(samples: Int, _ source: Input, _ weights: Input, _ target: Output) {
    // A task has about 64 Ki numbers, and an image of at least 16 rows makes at least two.
    let band = max(1, min(rows >= 16 ? (rows + 1) / 2 : rows, (1 << 16) / max(1, columns * channels)))
    let bands = (rows + band - 1) / band
    let reaches = taps.map {
      Reach(row: $0.row, column: $0.column, source: ($0.row * width + $0.column) * channels, weights: $0.index * channels)
    }
    reaches.withUnsafeBufferPointer { reaches in
      Workers.forEach(samples * bands) { task in
        let (sample, first) = (task / bands, task % bands * band)
        let image = source + sample * height * width * channels
        let result = target + (sample * targetHeight * targetWidth + targetRow * targetWidth + targetColumn) * channels
        let end = min(rows, first + band)
        var row = first
        while row < end {
          // Taps go from row to row, so that those inside the source are neighbours.
          let inside = reaches.indices { (0..<height).contains(row * step + $0.row) }
          let next = reaches.indices { (0..<height).contains((row + 1) * step + $0.row) }
          let lines = row + 1 < end && inside == next ? 2 : 1
          add(
            UnsafeBufferPointer(rebasing: reaches[inside]), lines: lines, image + row * step * width * channels, weights,
            result + row * targetStep * targetWidth * channels)
          row += lines
        }
      }
    }
  }

  /// One or two rows of the target: of each eight pixels at once where all taps lie inside the source, else one.
  private func add(_ taps: UnsafeBufferPointer<Reach>, lines: Int, _ source: Input, _ weights: Input, _ target: Output) {
    // The columns at which all taps are inside.
    let left = taps.reduce(0) { max($0, ($1.column < 0 ? step - 1 - $1.column : 0) / step) }
    let right = taps.reduce(columns) { min($0, $1.column < width ? (width - 1 - $1.column) / step + 1 : 0) }
    let (sourceRow, targetRow) = (step * width * channels, targetStep * targetWidth * channels)
    var column = 0
    while column < columns {
      let (x, y) = (source + column * step * channels, target + column * targetStep * channels)
      if column < left || column + 8 > right {
        for line in 0..<lines {
          forEachLane(channels) { one(taps, column * step, x + line * sourceRow + $0, weights + $0, y + line * targetRow + $0) }
        }
        column += 1
        continue
      }
      if lines == 2 {
        forEachLane(channels) { twoRows(taps, x + $0, sourceRow, weights + $0, y + $0, targetRow) }
      } else {
        forEachLane(channels) { oneRow(taps, x + $0, weights + $0, y + $0) }
      }
      column += 8
    }
  }

  @inline(__always)
  private func twoRows(
    _ taps: UnsafeBufferPointer<Reach>, _ source: Input, _ sourceRow: Int, _ weights: Input, _ target: Output, _ targetRow: Int
  ) {
    var (upper, lower) = (EightPixels(), EightPixels())
    // The processor does not see so many pixels coming: of the next two rows those that this lane has not met.
    if let first = taps.first, let last = taps.last {
      let next = source + max(first.source, last.source) + 2 &* sourceRow
      for pixel in 0..<8 { cblas_prefetch(next + pixel &* step &* channels) }
      for pixel in 0..<8 { cblas_prefetch(next + sourceRow + pixel &* step &* channels) }
    }
    for tap in taps {
      let (x, w) = (source + tap.source, weights.lane(tap.weights))
      upper.add(w, x, step: step &* channels)
      lower.add(w, x + sourceRow, step: step &* channels)
    }
    upper.store(target, step: targetStep &* channels)
    lower.store(target + targetRow, step: targetStep &* channels)
  }

  @inline(__always)
  private func oneRow(_ taps: UnsafeBufferPointer<Reach>, _ source: Input, _ weights: Input, _ target: Output) {
    var pixels = EightPixels()
    for tap in taps { pixels.add(weights.lane(tap.weights), source + tap.source, step: step &* channels) }
    pixels.store(target, step: targetStep &* channels)
  }

  @inline(__always)
  private func one(_ taps: UnsafeBufferPointer<Reach>, _ column: Int, _ source: Input, _ weights: Input, _ target: Output) {
    var sum = Lane.zero
    for tap in taps where (0..<width).contains(column + tap.column) { sum.addProduct(weights.lane(tap.weights), source.lane(tap.source)) }
    target.store(sum, 0)
  }
}

/// A lane of channels of eight neighbouring pixels.
private struct EightPixels {
  private var (s0, s1, s2, s3) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
  private var (s4, s5, s6, s7) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)

  /// Adds `w` times each pixel, `step` numbers apart.
  @inline(__always)
  mutating func add(_ w: Lane, _ x: Input, step: Int) {
    s0.addProduct(w, x.lane(0))
    s1.addProduct(w, x.lane(step))
    s2.addProduct(w, x.lane(2 &* step))
    s3.addProduct(w, x.lane(3 &* step))
    s4.addProduct(w, x.lane(4 &* step))
    s5.addProduct(w, x.lane(5 &* step))
    s6.addProduct(w, x.lane(6 &* step))
    s7.addProduct(w, x.lane(7 &* step))
  }

  @inline(__always)
  func store(_ y: Output, step: Int) {
    y.store(s0, 0)
    y.store(s1, step)
    y.store(s2, 2 &* step)
    y.store(s3, 3 &* step)
    y.store(s4, 4 &* step)
    y.store(s5, 5 &* step)
    y.store(s6, 6 &* step)
    y.store(s7, 7 &* step)
  }
}

extension UnsafeBufferPointer {
  /// From the first to the last index of an element that fits.
  fileprivate func indices(where fits: (Element) -> Bool) -> Range<Int> {
    guard let first = firstIndex(where: fits), let last = lastIndex(where: fits) else { return 0..<0 }
    return first..<last + 1
  }
}

extension ConvolutionGeometry {
  /// Whether each channel has a kernel of its own, and there are enough for vectors along them.
  var isDepthwise: Bool { groups == inputChannels && groups == outputChannels && groups >= 16 }
}

/// Calls `body` with the first channel of each lane. Where channels are no multiple of 16 the last lane begins earlier, and some channels are
/// computed twice.
@inline(__always)
func forEachLane(_ channels: Int, _ body: (Int) -> Void) {
  var channel = 0
  while channel < channels {
    body(min(channel, channels - 16))
    channel += 16
  }
}
