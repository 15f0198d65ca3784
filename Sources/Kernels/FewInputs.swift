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
  /// Numbers of a row of the image with zeros around it, as far as windows read it.
  private var line: Int { ((targetWidth - 1) * step + kernelWidth) * channels }

  /// Each number adds over rows, columns and channels of its window in order, zeros outside the image included.
  func run(samples: Int, _ source: Input, _ weights: Input, _ target: Output) {
    // Rows that a task computes.
    let band = max(1, min((targetHeight + 1) / 2, 2048 / targetWidth))
    let bands = (targetHeight + band - 1) / band
    let size = kernelHeight * span * outputs
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
          for row in rows {
            let windows = padded + (row - first) * step * line
            let result = target + (sample * targetHeight + row) * targetWidth * outputs
            var column = 0
            while column + 32 <= outputs {
              multiply(WideRow.self, windows, matrix + column, result + column)
              column += 32
            }
            if column < outputs { multiply(NarrowRow.self, windows, matrix + column, result + column) }
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

  /// A row of windows, whose last ones are computed twice where they are no multiple of four.
  private func multiply<Row: RegisterRow>(_: Row.Type, _ windows: Input, _ weights: Input, _ result: Output) {
    let rowStep = step * channels
    var window = 0
    while window + 12 <= targetWidth && window + 16 != targetWidth {
      twelve(Row.self, windows + window * rowStep, weights, result + window * outputs)
      window += 12
    }
    while window < targetWidth {
      window = min(window, targetWidth - 4)
      four(Row.self, windows + window * rowStep, weights, result + window * outputs)
      window += 4
    }
  }

  @inline(never)
  private func twelve<Row: RegisterRow>(_: Row.Type, _ window: Input, _ weights: Input, _ result: Output) {
    var (first, second, third) = (FourRows<Row>(), FourRows<Row>(), FourRows<Row>())
    let rowStep = step &* channels
    var (a, b) = (window, weights)
    for _ in 0..<kernelHeight {
      var (a0, a1, a2) = (a, a + 4 &* rowStep, a + 8 &* rowStep)
      let end = a + span
      while a0 != end {
        let row = Row(b)
        first.add(a0, step: rowStep, row)
        second.add(a1, step: rowStep, row)
        third.add(a2, step: rowStep, row)
        (a0, a1, a2) = (a0 + 1, a1 + 1, a2 + 1)
        b += outputs
      }
      a += line
    }
    first.store(result, step: outputs)
    second.store(result + 4 &* outputs, step: outputs)
    third.store(result + 8 &* outputs, step: outputs)
  }

  @inline(never)
  private func four<Row: RegisterRow>(_: Row.Type, _ window: Input, _ weights: Input, _ result: Output) {
    var rows = FourRows<Row>()
    var (a, b) = (window, weights)
    for _ in 0..<kernelHeight {
      for index in 0..<span {
        rows.add(a + index, step: step &* channels, Row(b))
        b += outputs
      }
      a += line
    }
    rows.store(result, step: outputs)
  }
}
