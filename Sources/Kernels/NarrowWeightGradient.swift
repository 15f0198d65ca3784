import COpenBLAS
import Sharding

/// The weight gradient of a convolution from or to images of up to four channels: vectors run along the other, wide side's channels, and
/// twelve weights of a lane of them are summed in registers at once.
struct NarrowWeightGradient {
  private let geometry: ConvolutionGeometry
  /// Whether the input is the narrow side, else the output is.
  private let readsNarrow: Bool
  /// Channels of the narrow side and of the wide one, and the wide side's size in pixels.
  private let narrow, wide, height, width: Int
  /// The narrow image with zeros around it: every pixel that a weight meets lies inside.
  private let paddedHeight, paddedWidth: Int
  /// Pixels of the padded image between two neighbouring pixels of the wide one.
  private let step: Int
  /// Number of weights for each wide channel, and where each one's narrow number lies from the wide pixel's place on.
  private let slots: Int
  private let offsets: [Int]

  /// Weights summed at once; the sums of more would not stay in registers.
  private static let group = 12

  /// Nil for shapes that this does not serve: a function of the shape alone.
  init?(_ g: ConvolutionGeometry) {
    readsNarrow = g.inputChannels <= 4 && g.outputChannels % 16 == 0
    guard g.groups == 1, readsNarrow || g.outputChannels <= 4 && g.inputChannels % 16 == 0 && g.stride == 1 else { return nil }
    geometry = g
    (narrow, wide) = readsNarrow ? (g.inputChannels, g.outputChannels) : (g.outputChannels, g.inputChannels)
    (height, width) = readsNarrow ? (g.outputHeight, g.outputWidth) : (g.height, g.width)
    step = readsNarrow ? g.stride : 1
    paddedHeight = (height - 1) * step + g.kernelHeight
    paddedWidth = (width - 1) * step + g.kernelWidth
    slots = g.kernelHeight * g.kernelWidth * narrow
    var offsets: [Int] = []
    for row in 0..<g.kernelHeight {
      for column in 0..<g.kernelWidth {
        // An output pixel reads forward through a tap; an input pixel is read backward through it.
        let (y, x) = readsNarrow ? (row, column) : (g.kernelHeight - 1 - row, g.kernelWidth - 1 - column)
        for channel in 0..<narrow { offsets.append((y * paddedWidth + x) * narrow + channel) }
      }
    }
    self.offsets = offsets
  }

  /// `dw`, summed over the batch: `[nodeCount, kernelHeight, kernelWidth, inputs, outputs]`.
  ///
  /// Each weight of a leaf adds over the columns of a row in Float, then over rows and samples in order; leaves by `rows.steps`.
  func run(_ rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output) {
    let size = slots * wide
    let leaves = rows.segments.count
    let block = 64
    let blocks = (wide + block - 1) / block
    let (narrowImages, wideImages) = readsNarrow ? (x, dy) : (dy, x)
    let narrowSize = readsNarrow ? geometry.inputSize : geometry.outputSize
    withScratch((leaves + rows.stackHeight) * size) { partials in
      Workers.forEach(leaves * blocks) { task in
        let (leaf, first) = (task / blocks, task % blocks * block)
        let sums = partials + leaf * size
        let channels = stride(from: first, to: min(wide, first + block), by: 16)
        for channel in channels { for slot in 0..<slots { sums.store(.zero, slot * wide + channel) } }
        withScratch(paddedHeight * paddedWidth * narrow) { padded in
          for segment in rows.segments[leaf] {
            for sample in segment {
              pad(narrowImages + sample * narrowSize, padded)
              let image = wideImages + sample * height * width * wide
              for channel in channels { add(image + channel, padded, sums + channel) }
            }
          }
        }
      }
      foldLeaves(rows, partials, step: size, size: size, memory: partials + leaves * size) { write($1, dw + $0 * size) }
    }
  }

  /// The narrow image with zeros around it.
  private func pad(_ image: Input, _ padded: Output) {
    let g = geometry
    let (top, left) = readsNarrow ? (g.padTop, g.padLeft) : (g.kernelHeight - 1 - g.padTop, g.kernelWidth - 1 - g.padLeft)
    let (rows, columns) = readsNarrow ? (g.height, g.width) : (g.outputHeight, g.outputWidth)
    padded.update(repeating: 0, count: paddedHeight * paddedWidth * narrow)
    let (first, end) = (max(0, left), min(paddedWidth, left + columns))
    for row in max(0, top)..<max(max(0, top), min(paddedHeight, top + rows)) where end > first {
      (padded + (row * paddedWidth + first) * narrow)
        .update(from: image + ((row - top) * columns + first - left) * narrow, count: (end - first) * narrow)
    }
  }

  /// Adds one sample's products for one lane of wide channels: of each row all groups of weights, while its pixels are near the core.
  private func add(_ image: Input, _ padded: Input, _ sums: Output) {
    for row in 0..<height {
      let source = image + row * width * wide
      // The processor does not see columns of channels coming.
      for column in 0..<width where row + 1 < height { cblas_prefetch(source + (width + column) * wide) }
      for slot in stride(from: 0, to: slots, by: Self.group) {
        addRow(source, padded + row * step * paddedWidth * narrow, sums, slots: slot..<min(slot + Self.group, slots))
      }
    }
  }

  /// Adds one row's products for one group of weights.
  private func addRow(_ source: Input, _ other: Input, _ sums: Output, slots range: Range<Int>) {
    // Of a group that is not full the first weight is summed again and not used.
    func place(_ index: Int) -> Int { offsets[range.lowerBound + (index < range.count ? index : 0)] }
    let (o0, o1, o2, o3, o4, o5) = (place(0), place(1), place(2), place(3), place(4), place(5))
    let (o6, o7, o8, o9, o10, o11) = (place(6), place(7), place(8), place(9), place(10), place(11))
    var (s0, s1, s2, s3, s4, s5) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero)
    var (s6, s7, s8, s9, s10, s11) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero, Lane.zero)
    var (source, other) = (source, other)
    for _ in 0..<width {
      let lane = source.lane(0)
      s0.addProduct(lane, Lane(repeating: other[o0]))
      s1.addProduct(lane, Lane(repeating: other[o1]))
      s2.addProduct(lane, Lane(repeating: other[o2]))
      s3.addProduct(lane, Lane(repeating: other[o3]))
      s4.addProduct(lane, Lane(repeating: other[o4]))
      s5.addProduct(lane, Lane(repeating: other[o5]))
      s6.addProduct(lane, Lane(repeating: other[o6]))
      s7.addProduct(lane, Lane(repeating: other[o7]))
      s8.addProduct(lane, Lane(repeating: other[o8]))
      s9.addProduct(lane, Lane(repeating: other[o9]))
      s10.addProduct(lane, Lane(repeating: other[o10]))
      s11.addProduct(lane, Lane(repeating: other[o11]))
      source += wide
      other += step * narrow
    }
    func keep(_ index: Int, _ sum: Lane) {
      let place = (range.lowerBound + index) * wide
      if index < range.count { sums.store(sums.lane(place) + sum, place) }
    }
    keep(0, s0)
    keep(1, s1)
    keep(2, s2)
    keep(3, s3)
    keep(4, s4)
    keep(5, s5)
    keep(6, s6)
    keep(7, s7)
    keep(8, s8)
    keep(9, s9)
    keep(10, s10)
    keep(11, s11)
  }

  /// `[tap, narrow, wide]` in the order of the weights.
  private func write(_ sums: Input, _ dw: Output) {
    if readsNarrow { return dw.update(from: sums, count: slots * wide) }
    for tap in 0..<slots / narrow {
      turn(sums + tap * narrow * wide, rows: narrow, columns: wide, stride: wide, dw + tap * narrow * wide)
    }
  }
}
