/// Windows of images of up to four channels times a matrix: the layers that read images, and the cotangents of those that make them.
///
/// In memory a row of a window is a run of numbers, so that windows need not be gathered: twelve of them and 32 columns are summed in
/// registers from the image with zeros around it.
struct FewInputs {
  private let height, width, channels: Int
  private let targetHeight, targetWidth, outputs: Int
  private let kernelHeight, kernelWidth, step: Int
  private let top, left: Int
  /// Whether the weights are those of the adjoint: taps turned by 180°, input and output exchanged.
  private let isTurned: Bool

  /// The forward pass; nil for shapes that this does not serve, a function of the shape alone.
  init?(_ g: ConvolutionGeometry) {
    guard g.groups == 1, g.inputChannels <= 4, g.outputChannels % 16 == 0, g.outputWidth >= 4, g.outputHeight > 0 else { return nil }
    (height, width, channels) = (g.height, g.width, g.inputChannels)
    (targetHeight, targetWidth, outputs) = (g.outputHeight, g.outputWidth, g.outputChannels)
    (kernelHeight, kernelWidth, step) = (g.kernelHeight, g.kernelWidth, g.stride)
    (top, left, isTurned) = (g.padTop, g.padLeft, false)
  }

  /// The input gradient, of stride 1: a convolution of the cotangents with the turned weights.
  init?(adjointOf g: ConvolutionGeometry) {
    guard g.groups == 1, g.outputChannels <= 4, g.inputChannels % 16 == 0, g.width >= 4, g.stride == 1, g.padTop < g.kernelHeight,
      g.padLeft < g.kernelWidth
    else { return nil }
    (height, width, channels) = (g.outputHeight, g.outputWidth, g.outputChannels)
    (targetHeight, targetWidth, outputs) = (g.height, g.width, g.inputChannels)
    (kernelHeight, kernelWidth, step) = (g.kernelHeight, g.kernelWidth, 1)
    (top, left, isTurned) = (g.kernelHeight - 1 - g.padTop, g.kernelWidth - 1 - g.padLeft, true)
  }

  /// Numbers of a row of a window.
  private var span: Int { kernelWidth * channels }
  /// Numbers of a window.
  private var depth: Int { kernelHeight * span }
  /// Numbers of a row of the image with zeros around it, as far as windows read it.
  private var line: Int { ((targetWidth - 1) * step + kernelWidth) * channels }

  /// Each number adds over rows, columns and channels of its window in order, zeros outside the image included.
  func run(samples: Int, _ source: Input, _ weights: Input, _ target: Output) {
    // Rows that a task computes.
    let band = max(1, min((targetHeight + 1) / 2, 2048 / targetWidth))
    let bands = (targetHeight + band - 1) / band
    let size = depth * outputs
    let places = (0..<depth).map { $0 / span * line + $0 % span }
    withScratch(isTurned ? size : 0) { memory in
      if isTurned {
        let taps = kernelHeight * kernelWidth
        for tap in 0..<taps {
          turn(
            weights + (taps - 1 - tap) * channels * outputs, rows: outputs, columns: channels, stride: channels,
            memory + tap * channels * outputs)
        }
      }
      let matrix = isTurned ? Input(memory) : weights
      Workers.forEach(samples * bands) { task in
        let (sample, first) = (task / bands, task % bands * band)
        let rows = first..<min(targetHeight, first + band)
        withScratch(((rows.count - 1) * step + kernelHeight) * line) { padded in
          pad(source + sample * height * width * channels, rows, padded)
          places.withUnsafeBufferPointer { places in
            for row in rows {
              let windows = padded + (row - first) * step * line
              let result = target + (sample * targetHeight + row) * targetWidth * outputs
              for column in stride(from: 0, to: outputs, by: 128) {
                multiply(windows, places.baseAddress!, matrix + column, columns: min(128, outputs - column), result + column)
              }
            }
          }
        }
      }
    }
  }

  /// The rows of the image that windows of some rows read, with zeros around it.
  private func pad(_ image: Input, _ rows: Range<Int>, _ padded: Output) {
    let columns = max(0, min(width, line / channels - left)) * channels
    for index in 0..<((rows.count - 1) * step + kernelHeight) {
      let (place, row) = (padded + index * line, rows.lowerBound * step + index - top)
      if row < 0 || row >= height {
        place.update(repeating: 0, count: line)
      } else {
        let before = min(left * channels, line)
        place.update(repeating: 0, count: before)
        (place + before).update(from: image + row * width * channels, count: columns)
        (place + before + columns).update(repeating: 0, count: line - before - columns)
      }
    }
  }

  /// A row of windows times up to 128 columns, whose weights stay in the first-level cache: twelve windows at a time, and all columns of
  /// these, so that the target is written in order. The last ones are computed twice where they are no multiple of four.
  private func multiply(_ windows: Input, _ places: UnsafePointer<Int>, _ weights: Input, columns: Int, _ result: Output) {
    var window = 0
    while window < targetWidth {
      let count = window + 12 <= targetWidth ? 12 : 4
      window = min(window, targetWidth - count)
      let (a, c) = (windows + window * step * channels, result + window * outputs)
      for column in stride(from: 0, to: columns, by: 32) {
        if column + 32 <= columns {
          multiply(WideRow<Floats>.self, count, a, places, weights + column, c + column)
        } else {
          multiply(NarrowRow<Floats>.self, count, a, places, weights + column, c + column)
        }
      }
      window += count
    }
  }

  @inline(__always)
  private func multiply<Row: RegisterRow>(
    _: Row.Type, _ count: Int, _ window: Input, _ places: UnsafePointer<Int>, _ weights: Input, _ result: Output
  ) {
    if count == 12 { twelve(Row.self, window, places, weights, result) } else { four(Row.self, window, places, weights, result) }
  }

  // One loop over rows and numbers of the windows, whose places are looked up, and with an end that the compiler cannot count to: it would
  // take several terms at once, for which there are not enough registers.

  @inline(never)
  private func twelve<Row: RegisterRow>(_: Row.Type, _ window: Input, _ places: UnsafePointer<Int>, _ weights: Input, _ result: Output) {
    var (first, second, third) = (FourRows<Row>(), FourRows<Row>(), FourRows<Row>())
    let rowStep = step &* channels
    var (place, b) = (places, weights)
    let end = b + depth &* outputs
    while b != end {
      let (row, a) = (Row(b), window + place.pointee)
      first.add(a, step: rowStep, row)
      second.add(a + 4 &* rowStep, step: rowStep, row)
      third.add(a + 8 &* rowStep, step: rowStep, row)
      place += 1
      b += outputs
    }
    first.store(result, step: outputs)
    second.store(result + 4 &* outputs, step: outputs)
    third.store(result + 8 &* outputs, step: outputs)
  }

  @inline(never)
  private func four<Row: RegisterRow>(_: Row.Type, _ window: Input, _ places: UnsafePointer<Int>, _ weights: Input, _ result: Output) {
    var rows = FourRows<Row>()
    var (place, b) = (places, weights)
    let end = b + depth &* outputs
    while b != end {
      rows.add(window + place.pointee, step: step &* channels, Row(b))
      place += 1
      b += outputs
    }
    rows.store(result, step: outputs)
  }
}
