import COpenBLAS
import Sharding

/// The weight gradient of a convolution whose groups are single channels: of a lane of channels nine weights are summed in registers at once.
struct DepthwiseWeightGradient {
  private let geometry: ConvolutionGeometry
  /// Width of the image with zeros around it: every pixel that a weight meets lies inside.
  private let paddedWidth: Int
  /// Rows of cotangents that are taken at once, so that the padded rows they meet stay in the second-level cache.
  private let band: Int

  /// Weights summed at once: a 3x3 kernel.
  private static let group = 9
  /// Channels that a task has at least.
  private static let block = 128

  init(_ g: ConvolutionGeometry) {
    geometry = g
    paddedWidth = (g.outputWidth - 1) * g.stride + g.kernelWidth
    band = max(1, min(g.outputHeight, (1 << 18) / (paddedWidth * Self.block * g.stride)))
  }

  private var channels: Int { geometry.inputChannels }
  private var taps: Int { geometry.kernelHeight * geometry.kernelWidth }

  /// `dw`, summed over the batch: `[nodeCount, kernelHeight, kernelWidth, 1, channels]`.
  ///
  /// Each weight of a leaf adds over the columns of a row, then over rows and samples in order; leaves by `rows.steps`.
  func run(_ rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output) {
    let size = taps * channels
    let leaves = rows.segments.count
    let blocks = max(1, channels / Self.block)
    withScratch((leaves + rows.stackHeight) * size) { partials in
      Workers.forEach(leaves * blocks) { task in
        let (leaf, first) = (task / blocks, task % blocks * Self.block)
        // The last block has the channels that are left.
        let count = task % blocks == blocks - 1 ? channels - first : Self.block
        let lanes = (count + 15) / 16
        withScratch(16 * lanes * (taps + (band * geometry.stride + geometry.kernelHeight) * paddedWidth)) { sums in
          let padded = sums + lanes * taps * 16
          sums.update(repeating: 0, count: lanes * taps * 16)
          for segment in rows.segments[leaf] {
            for sample in segment {
              add(x + sample * geometry.inputSize + first, dy + sample * geometry.outputSize + first, channels: count, padded, sums)
            }
          }
          let target = partials + leaf * size + first
          var lane = Input(sums)
          forEachLane(count) { channel in
            for tap in 0..<taps { target.store(lane.lane(tap * 16), tap * channels + channel) }
            lane += taps * 16
          }
        }
      }
      foldLeaves(rows, partials, step: size, size: size, memory: partials + leaves * size) { node, sum in
        (dw + node * size).update(from: sum, count: size)
      }
    }
  }

  /// Adds one sample's products for some channels, band by band: of each row all weights of a lane while its pixels are near the core.
  private func add(_ x: Input, _ dy: Input, channels count: Int, _ padded: Output, _ sums: Output) {
    let g = geometry
    let places = (0..<taps).map { ($0 / g.kernelWidth * paddedWidth + $0 % g.kernelWidth) * 16 }
    places.withUnsafeBufferPointer { places in
      for first in stride(from: 0, to: g.outputHeight, by: band) {
        let rows = first..<min(g.outputHeight, first + band)
        let size = ((rows.count - 1) * g.stride + g.kernelHeight) * paddedWidth * 16
        pad(x, rows, channels: count, padded)
        var (lane, other) = (sums, Input(padded))
        forEachLane(count) { channel in
          for row in rows {
            let source = dy + row * g.outputWidth * channels + channel
            // The processor does not see columns of channels coming.
            for column in 0..<g.outputWidth where row + 1 < g.outputHeight { cblas_prefetch(source + (g.outputWidth + column) * channels) }
            for tap in stride(from: 0, to: taps, by: Self.group) {
              let group = UnsafeBufferPointer(rebasing: places[tap..<min(tap + Self.group, taps)])
              addRow(source, other + (row - first) * g.stride * paddedWidth * 16, group, lane + tap * 16)
            }
          }
          lane += taps * 16
          other += size
        }
      }
    }
  }

  /// The rows of the image that rows of windows read, with zeros around them, lane by lane of some channels.
  private func pad(_ image: Input, _ rows: Range<Int>, channels count: Int, _ padded: Output) {
    let g = geometry
    let lines = (rows.count - 1) * g.stride + g.kernelHeight
    let inside = min(g.padLeft, paddedWidth)..<max(min(g.padLeft, paddedWidth), min(paddedWidth, g.padLeft + g.width))
    for index in 0..<lines {
      let row = rows.lowerBound * g.stride + index - g.padTop
      let isInside = (0..<g.height).contains(row)
      for column in 0..<paddedWidth {
        var place = padded + (index * paddedWidth + column) * 16
        let pixel = isInside && inside.contains(column) ? image + (row * g.width + column - g.padLeft) * channels : nil
        forEachLane(count) {
          place.store(pixel?.lane($0) ?? .zero, 0)
          place += lines * paddedWidth * 16
        }
      }
    }
  }

  /// Adds one row's products of a lane for one group of weights.
  private func addRow(_ source: Input, _ other: Input, _ places: UnsafeBufferPointer<Int>, _ sums: Output) {
    // Of a group that is not full the first weight is summed again and not used.
    func place(_ index: Int) -> Int { places[index < places.count ? index : 0] }
    let (o0, o1, o2) = (place(0), place(1), place(2))
    let (o3, o4, o5) = (place(3), place(4), place(5))
    let (o6, o7, o8) = (place(6), place(7), place(8))
    var (s0, s1, s2) = (Lane.zero, Lane.zero, Lane.zero)
    var (s3, s4, s5) = (Lane.zero, Lane.zero, Lane.zero)
    var (s6, s7, s8) = (Lane.zero, Lane.zero, Lane.zero)
    var (source, other) = (source, other)
    for _ in 0..<geometry.outputWidth {
      let lane = source.lane(0)
      s0.addProduct(lane, other.lane(o0))
      s1.addProduct(lane, other.lane(o1))
      s2.addProduct(lane, other.lane(o2))
      s3.addProduct(lane, other.lane(o3))
      s4.addProduct(lane, other.lane(o4))
      s5.addProduct(lane, other.lane(o5))
      s6.addProduct(lane, other.lane(o6))
      s7.addProduct(lane, other.lane(o7))
      s8.addProduct(lane, other.lane(o8))
      source += channels
      other += geometry.stride * 16
    }
    func keep(_ index: Int, _ sum: Lane) {
      if index < places.count { sums.store(sums.lane(index * 16) + sum, index * 16) }
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
  }
}
