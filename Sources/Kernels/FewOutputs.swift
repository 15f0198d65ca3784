import COpenBLAS

/// Windows times a matrix of up to four columns, as in the layers that make images and the gradients of those that read them.
///
/// A product of so few columns would leave most of each vector empty. So each pixel of the source is multiplied with the weights of all taps
/// at once, and the products are added where they belong: in memory those of a row of taps lie as they do in the target, where pixels
/// are `step` apart.
struct FewOutputs {
  private let height, width, channels: Int
  private let targetHeight, targetWidth, outputs: Int
  private let kernelHeight, kernelWidth, step: Int
  /// How far the target begins inside what the taps of the first pixel reach.
  private let top, left: Int
  /// Whether the weights are those of a forward pass: taps turned by 180°, input and output exchanged.
  private let isTurned: Bool

  /// The forward pass, of stride 1; nil for shapes that this does not serve, a function of the shape alone.
  init?(_ g: ConvolutionGeometry) {
    guard g.groups == 1, g.outputChannels <= 4, g.inputChannels >= 16, g.width >= 4, g.stride == 1, g.padTop < g.kernelHeight,
      g.padLeft < g.kernelWidth
    else { return nil }
    (height, width, channels) = (g.height, g.width, g.inputChannels)
    (targetHeight, targetWidth, outputs) = (g.outputHeight, g.outputWidth, g.outputChannels)
    (kernelHeight, kernelWidth, step) = (g.kernelHeight, g.kernelWidth, 1)
    (top, left, isTurned) = (g.kernelHeight - 1 - g.padTop, g.kernelWidth - 1 - g.padLeft, true)
  }

  /// The input gradient.
  init?(adjointOf g: ConvolutionGeometry) {
    guard g.groups == 1, g.inputChannels <= 4, g.outputChannels >= 16, g.outputWidth >= 4, g.stride <= 2, g.kernelWidth % g.stride == 0
    else { return nil }
    (height, width, channels) = (g.outputHeight, g.outputWidth, g.outputChannels)
    (targetHeight, targetWidth, outputs) = (g.height, g.width, g.inputChannels)
    (kernelHeight, kernelWidth, step) = (g.kernelHeight, g.kernelWidth, g.stride)
    (top, left, isTurned) = (g.padTop, g.padLeft, false)
  }

  private var taps: Int { kernelHeight * kernelWidth }
  /// Products of a source pixel, with zeros behind them.
  private var columns: Int { (taps * outputs + 15) / 16 * 16 }
  /// Rows of the target that one task computes: the products of their source rows stay in the second-level cache.
  private var band: Int { max(1, min((targetHeight + 1) / 2, (1 << 17) / (width * columns) * step)) }

  /// Each product adds over channels in order, each number over its taps in order.
  func run(samples: Int, _ source: Input, _ weights: Input, _ target: Output) {
    let bands = (targetHeight + band - 1) / band
    withScratch(channels * columns) { packed in
      pack(weights, packed)
      Workers.forEach(samples * bands) { task in
        let (sample, first) = (task / bands, task % bands * band)
        let rows = first..<min(targetHeight, first + band)
        let firstNeeded = max(0, (rows.lowerBound + top - kernelHeight) / step)
        let needed = firstNeeded..<max(firstNeeded, min(height, (rows.upperBound - 1 + top) / step + 1))
        if needed.isEmpty {
          return (target + (sample * targetHeight + first) * targetWidth * outputs)
            .update(repeating: 0, count: rows.count * targetWidth * outputs)
        }
        let pixels = needed.count * width
        // Vectors that add a few numbers read and write some more.
        withScratch(pixels * columns + lineSize + 16) { products in
          let line = products + pixels * columns + 8
          multiply(source + (sample * height + needed.lowerBound) * width * channels, pixels: pixels, packed, products)
          for row in rows {
            add(row, needed, products, line)
            (target + (sample * targetHeight + row) * targetWidth * outputs)
              .update(from: line + left * outputs, count: targetWidth * outputs)
          }
        }
      }
    }
  }

  /// The matrix of a source pixel's products, in blocks of 32 and 16 columns: `[block][channel][columns]`.
  private func pack(_ weights: Input, _ packed: Output) {
    packed.update(repeating: 0, count: channels * columns)
    for tap in 0..<taps {
      for output in 0..<outputs {
        let column = tap * outputs + output
        let block = column / 32 * 32
        let place = packed + block * channels + column - block
        for channel in 0..<channels {
          place[channel * min(32, columns - block)] =
            isTurned
            ? weights[((taps - 1 - tap) * channels + channel) * outputs + output] : weights[(tap * outputs + output) * channels + channel]
        }
      }
    }
  }

  /// All products of some pixels, the last of which are computed twice where they are no multiple of four.
  private func multiply(_ source: Input, pixels: Int, _ packed: Input, _ products: Output) {
    let product = TileProduct<Floats>(depth: channels, rowStep: channels, termStep: 1, bStep: nil, cStep: columns, accumulate: false)
    for first in stride(from: 0, to: pixels / 4 * 4, by: 12) {
      let place = source + first * channels
      // The processor does not see twelve rows coming that are read side by side.
      if first + 24 <= pixels {
        for number in stride(from: 12 * channels, to: 24 * channels, by: 16) { cblas_prefetch(place + number) }
      }
      product.run(rows: min(12, pixels / 4 * 4 - first), columns: columns, place, packed, products + first * columns)
    }
    if pixels % 4 > 0 {
      product.run(rows: 4, columns: columns, source + (pixels - 4) * channels, packed, products + (pixels - 4) * columns)
    }
  }

  /// Numbers of a row that the taps of a source row reach, and of one that the target has.
  private var lineSize: Int { max(((width - 1) * step + kernelWidth) * outputs, (left + targetWidth) * outputs) }

  /// Adds the products that make a row of the target.
  private func add(_ row: Int, _ needed: Range<Int>, _ products: Input, _ line: Output) {
    let parts = kernelWidth / step
    withUnsafeTemporaryAllocation(of: Int.self, capacity: taps) { places in
      var count = 0
      for tap in 0..<kernelHeight where (row + top - tap) % step == 0 && needed.contains((row + top - tap) / step) {
        let pixel = ((row + top - tap) / step - needed.lowerBound) * width
        for part in 0..<parts {
          places[count] = (pixel - part) * columns + (tap * kernelWidth + part * step) * outputs
          count += 1
        }
      }
      if count == 0 { return line.update(repeating: 0, count: lineSize) }
      let places = UnsafeBufferPointer(rebasing: places[..<count])
      if step * outputs <= 4 {
        add(SIMD4<Float>.self, places, parts, products, line)
      } else {
        add(SIMD8<Float>.self, places, parts, products, line)
      }
      let reached = ((width - 1) * step + kernelWidth) * outputs
      (line + reached).update(repeating: 0, count: lineSize - reached)
    }
  }

  /// Adds runs of `step` pixels; what a vector has beyond is overwritten by the next one.
  @inline(__always)
  private func add<Vector: SIMD<Float>>(
    _: Vector.Type, _ places: UnsafeBufferPointer<Int>, _ parts: Int, _ products: Input, _ line: Output
  ) {
    func load(_ place: Int) -> Vector { UnsafeRawPointer(products + place).loadUnaligned(as: Vector.self) }
    for run in 0..<(width + parts - 1) {
      var sum = Vector.zero
      if run >= parts - 1 && run < width {
        for place in places { sum += load(place + run * columns) }
      } else {
        for (index, place) in places.enumerated() where (0..<width).contains(run - index % parts) { sum += load(place + run * columns) }
      }
      UnsafeMutableRawPointer(line + run * step * outputs).storeBytes(of: sum, as: Vector.self)
    }
  }
}
