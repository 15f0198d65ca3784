/// A pass of a convolution whose groups are single channels: vectors run along the channels, each with a kernel of its own, and eight pixels
/// of the target are summed in registers.
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

  /// A tap in a row of the source.
  private struct Reach {
    /// What the tap would read for column 0 of the grid, which may lie outside of the row.
    var source: Input
    var weights: Input
    /// The source column of it.
    var column: Int
  }

  /// Each number adds over its taps in order.
  func run(samples: Int, _ source: Input, _ weights: Input, _ target: Output) {
    // A task has about 64 Ki numbers, and an image of at least 16 rows makes at least two.
    let band = max(1, min(rows >= 16 ? (rows + 1) / 2 : rows, (1 << 16) / max(1, columns * channels)))
    let bands = (rows + band - 1) / band
    Workers.forEach(samples * bands) { task in
      let (sample, first) = (task / bands, task % bands * band)
      let image = source + sample * height * width * channels
      let result = target + sample * targetHeight * targetWidth * channels
      withUnsafeTemporaryAllocation(of: Reach.self, capacity: taps.count) { reaches in
        for row in first..<min(rows, first + band) {
          var count = 0
          for tap in taps where (0..<height).contains(row * step + tap.row) {
            let line = image + (row * step + tap.row) * width * channels
            reaches.initializeElement(
              at: count, to: Reach(source: line + tap.column * channels, weights: weights + tap.index * channels, column: tap.column))
            count += 1
          }
          let place = ((targetRow + row * targetStep) * targetWidth + targetColumn) * channels
          add(UnsafeBufferPointer(rebasing: reaches[..<count]), result + place)
        }
      }
    }
  }

  /// A row of the target: eight pixels at once where all taps lie inside the source, else one.
  private func add(_ reaches: UnsafeBufferPointer<Reach>, _ target: Output) {
    // Columns at which the leftmost and the rightmost tap are inside.
    let left = reaches.reduce(0) { max($0, ($1.column < 0 ? -$1.column + step - 1 : 0) / step) }
    let right = reaches.reduce(columns) { min($0, $1.column < width ? (width - 1 - $1.column) / step + 1 : 0) }
    let distance = targetStep * channels
    var column = 0
    while column < columns {
      let place = target + column * distance
      if column >= left && column + 8 <= right {
        forEachLane(channels) { eight(reaches, column * step * channels, $0, place + $0) }
        column += 8
      } else {
        forEachLane(channels) { one(reaches, column * step, $0, place + $0) }
        column += 1
      }
    }
  }

  @inline(__always)
  private func eight(_ reaches: UnsafeBufferPointer<Reach>, _ offset: Int, _ channel: Int, _ target: Output) {
    var (s0, s1, s2, s3) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
    var (s4, s5, s6, s7) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
    let pixel = step &* channels
    for reach in reaches {
      let (x, w) = (reach.source + offset + channel, reach.weights.lane(channel))
      s0.addProduct(w, x.lane(0))
      s1.addProduct(w, x.lane(pixel))
      s2.addProduct(w, x.lane(2 &* pixel))
      s3.addProduct(w, x.lane(3 &* pixel))
      s4.addProduct(w, x.lane(4 &* pixel))
      s5.addProduct(w, x.lane(5 &* pixel))
      s6.addProduct(w, x.lane(6 &* pixel))
      s7.addProduct(w, x.lane(7 &* pixel))
    }
    let distance = targetStep &* channels
    target.store(s0, 0)
    target.store(s1, distance)
    target.store(s2, 2 &* distance)
    target.store(s3, 3 &* distance)
    target.store(s4, 4 &* distance)
    target.store(s5, 5 &* distance)
    target.store(s6, 6 &* distance)
    target.store(s7, 7 &* distance)
  }

  @inline(__always)
  private func one(_ reaches: UnsafeBufferPointer<Reach>, _ column: Int, _ channel: Int, _ target: Output) {
    var sum = Lane.zero
    for reach in reaches where (0..<width).contains(column + reach.column) {
      sum.addProduct(reach.weights.lane(channel), reach.source.lane(column * channels + channel))
    }
    target.store(sum, 0)
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
