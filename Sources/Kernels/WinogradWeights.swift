import COpenBLAS

/// The weights `[kernel, kernel, inputs, outputs]` of a convolution, of which a source of windows reads every `step`-th tap on both axes.
struct WinogradWeights<Transform: WinogradTransform> {
  var inputs, outputs: Int
  /// Distance between the taps of a source; the kernel has `step · taps` on a side.
  var step: Int
  /// What the weights are multiplied by before they are transformed.
  var scale: Float = 1

  /// Where tap (a, b) of a source begins, whose tap (0, 0) is (row, column) of the kernel.
  @inline(__always)
  func offset(_ source: WinogradSource, _ a: Int, _ b: Int) -> Int {
    ((source.row &+ a &* step) &* step &* Transform.taps &+ source.column &+ b &* step) &* inputs &* outputs
  }

  /// `G (scale · w) Gᵀ` of a source, some input channels and 32 or 16 output channels: `[position][input][columns]`, a word of two terms
  /// being of two inputs.
  func pack(
    _ source: WinogradSource, _ w: Input, columns: Range<Int>, inputs range: Range<Int>, _ packed: Output, positionStride: Int
  ) {
    let terms = Transform.Operands.terms
    // What lies between the taps of a column and of a row.
    let (columnStep, rowStep) = (offset(source, 0, 1) - offset(source, 0, 0), offset(source, 1, 0) - offset(source, 0, 0))
    Transform.withColumns { d in
      for (index, input) in range.enumerated() {
        for lane in 0..<columns.count / 16 {
          let first = w + offset(source, 0, 0) + input * outputs + columns.lowerBound + lane * 16
          // The rows lie too far apart for the processor to see them coming.
          for tap in 0..<Transform.taps * Transform.taps where input + 8 < inputs {
            cblas_prefetch(first + tap / Transform.taps * rowStep + tap % Transform.taps * columnStep + 8 * outputs)
          }
          let target = packed + index / terms * columns.count + lane * 16
          let isSecond = index % terms == 1
          Transform.apply(.weight, d) {
            first.lane($0 &* rowStep &+ $1 &* columnStep) * scale
          } _: {
            let place = ($0 &* Transform.window &+ $1) &* positionStride
            target.store(isSecond ? Transform.Operands.words(target.lane(place), $2) : $2, place)
          }
        }
      }
    }
  }

  /// Taps of the kernel.
  private var kernelTaps: Int { step * step * Transform.taps * Transform.taps }

  /// Runs `body` with the weights `[kernel, kernel, outputs, inputs]` of the adjoint turned by 180°, input and output exchanged.
  func withTurned(_ w: Input, _ body: (Input) -> Void) {
    let size = inputs * outputs
    let block = 64
    let blocks = (outputs + block - 1) / block
    withScratch(kernelTaps * size) { turned in
      Workers.forRanges(kernelTaps * blocks, grain: max(1, threadingGrain / (block * inputs))) { range in
        for task in range {
          let (tap, first) = (task / blocks, task % blocks * block)
          turn(
            w + (kernelTaps - 1 - tap) * size + first * inputs, rows: min(block, outputs - first), columns: inputs, stride: inputs,
            turned + tap * size + first, targetStride: outputs)
        }
      }
      body(turned)
    }
  }

  /// `pack` of the weights of the adjoint, of which only the channels in question are turned, near the core.
  func packTurned(
    _ source: WinogradSource, _ w: Input, columns: Range<Int>, inputs range: Range<Int>, _ packed: Output, positionStride: Int
  ) {
    let some = WinogradWeights(inputs: range.count, outputs: columns.count, step: 1, scale: scale)
    let size = range.count * columns.count
    withScratch(Transform.taps * Transform.taps * size) { turned in
      for tap in 0..<Transform.taps * Transform.taps {
        let (a, b) = (tap / Transform.taps, tap % Transform.taps)
        let place = kernelTaps * inputs * outputs - offset(source, a, b) - inputs * outputs
        turn(
          w + place + columns.lowerBound * inputs + range.lowerBound, rows: columns.count, columns: range.count, stride: inputs,
          turned + tap * size)
      }
      some.pack(
        WinogradSource(pixels: source.pixels), turned, columns: 0..<columns.count, inputs: 0..<range.count, packed,
        positionStride: positionStride)
    }
  }
}

/// Pixels whose windows are convolved with some of a kernel's taps.
struct WinogradSource {
  var pixels: PixelLattice
  /// The place in the kernel of the tap that reads a window's first pixel.
  var row = 0
  var column = 0
}
