/// A pass of a convolution as matrix products: windows of a source image times a weight matrix make pixels of a target image.
///
/// The forward pass is one such pass. The input gradient is one for each of the `stride x stride` phases of the input's pixels, since
/// the pixels of one phase see the same taps: so nothing is scattered and every pixel is written once.
private struct ConvolutionPass<Operands: ProductOperands> {
  var windows: TapGather
  var groups: Int
  /// Numbers in one source image and in one target image.
  var sourceSize, targetSize: Int
  var targetChannels: Int
  var targetWidth: Int
  /// The target pixel of window (0, 0), and the distance between the pixels of neighbouring windows.
  var targetRow, targetColumn, targetStep: Int

  var outputs: Int { targetChannels / groups }
  var rows: Int { windows.rows }

  /// Rows of the grid that one task computes: a function of the shape alone. A band's matrix stays within about 4 MiB, and an image of
  /// at least 256 windows makes at least two bands, so that two threads find work in a single sample.
  var band: Int {
    let pixels = rows * windows.columns
    let fitting = max(64, (1 << 20) / max(windows.depth, 1))
    let bands = max(pixels >= 256 ? 2 : 1, windows.isIdentity ? pixels / 2048 : (pixels + fitting - 1) / fitting)
    return max(1, (rows + bands - 1) / bands)
  }

  /// `weights(group)` is a `[depth, outputs]` matrix whose rows lie `weightStride` apart, to be multiplied by `scale`.
  func run(samples: Int, _ source: Input, _ weights: (Int) -> Input, weightStride: Int, scale: Float, _ target: Output) {
    if rows <= 0 || windows.columns <= 0 { return }
    let size = PackedMatrix<Operands>.size(terms: windows.depth, columns: outputs)
    withScratch(groups * size) { memory in
      let packed = (0..<groups).map { PackedMatrix<Operands>(terms: windows.depth, columns: outputs, memory: memory + $0 * size) }
      for group in 0..<groups { packed[group].pack(weights(group), step: weightStride, scale: scale) }
      run(samples: samples, source, packed, target)
    }
  }

  private func run(samples: Int, _ source: Input, _ weights: [PackedMatrix<Operands>], _ target: Output) {
    let band = band
    let bands = (rows + band - 1) / band
    let depth = windows.depth
    let columns = windows.columns
    let direct = targetStep == 1 && columns == targetWidth
    Workers.forEach(samples * bands) { task in
      let sample = task / bands
      let start = (task % bands) * band
      let lines = start..<min(rows, start + band)
      let pixels = lines.count * columns
      let image = source + sample * sourceSize
      let result = target + sample * targetSize
      withScratch((windows.isIdentity ? 0 : pixels * depth) + (direct ? 0 : pixels * outputs)) { memory in
        let products = memory + (windows.isIdentity ? 0 : pixels * depth)
        for group in 0..<groups {
          let channel = group * windows.channels
          let a: Input
          let lda: Int
          if windows.isIdentity {
            a = image + start * columns * windows.imageChannels + channel
            lda = windows.imageChannels
          } else {
            windows.gather(image, channel: channel, rows: lines, into: memory)
            a = UnsafePointer(memory)
            lda = depth
          }
          if direct {
            let c = result + (targetRow + start) * targetWidth * targetChannels + group * outputs
            weights[group].product(rows: pixels, a, rowStep: lda, termStep: 1, c, cStep: targetChannels, accumulate: false)
          } else {
            weights[group].product(rows: pixels, a, rowStep: lda, termStep: 1, products, cStep: outputs, accumulate: false)
            for (index, line) in lines.enumerated() {
              for column in 0..<columns {
                let pixel = (targetRow + line * targetStep) * targetWidth + targetColumn + column * targetStep
                (result + pixel * targetChannels + group * outputs)
                  .update(from: products + (index * columns + column) * outputs, count: outputs)
              }
            }
          }
        }
      }
    }
  }
}

extension ConvolutionGeometry {
  /// Whether products of matrices are of bfloat16: those of some size, as factors must be rounded first.
  var multipliesPairs: Bool {
    ConvolutionPrecision.current == .bf16 && groups == 1 && min(inputChannels, outputChannels) >= 16
  }

  /// Runs `body` with the weights times `scale`.
  fileprivate func withScaled(_ w: Input, by scale: Float, _ body: (Input) -> Void) {
    if scale == 1 { return body(w) }
    withScratch(weightSize) { scaled in
      affine(w, scale: scale, offset: 0, scaled, weightSize)
      body(scaled)
    }
  }
}

/// The convolution `y = x * (scale · w) + bias` of each sample: `x` `[samples, height, width, inputChannels]`, `w` as `g` says, `y`
/// `[samples, outputHeight, outputWidth, outputChannels]`.
///
/// By Winograd's algorithm where it pays, by products of their own from or to images of up to four channels and where each channel has its
/// own kernel, else by one matrix product per sample, band of rows and group.
public func convolution(
  _ g: ConvolutionGeometry, samples: Int, _ x: Input, _ w: Input, scale: Float = 1, bias: Input? = nil, _ y: Output
) {
  if let winograd = g.winograd { return winograd.convolve(g, samples: samples, x, w, scale: scale, bias: bias, y) }
  defer { addBias(bias, pixels: samples * g.outputHeight * g.outputWidth, channels: g.outputChannels, y) }
  if let few = FewInputs(g) { return g.withScaled(w, by: scale) { few.run(samples: samples, x, $0, y) } }
  if let few = FewOutputs(g) { return g.withScaled(w, by: scale) { few.run(samples: samples, x, $0, y) } }
  if g.isDepthwise { return g.withScaled(w, by: scale) { DepthwisePass(g).run(samples: samples, x, $0, y) } }
  if g.multipliesPairs {
    multiply(g, BFloatPairs.self, samples: samples, x, w, scale: scale, y)
  } else {
    multiply(g, Floats.self, samples: samples, x, w, scale: scale, y)
  }
}

/// `convolution` by products of matrices.
private func multiply<Operands: ProductOperands>(
  _ g: ConvolutionGeometry, _: Operands.Type, samples: Int, _ x: Input, _ w: Input, scale: Float, _ y: Output
) {
  let windows = TapGather(
    height: g.height, width: g.width, imageChannels: g.inputChannels, step: g.stride, taps: g.taps, rows: g.outputHeight,
    columns: g.outputWidth,
    channels: g.inputChannels / g.groups)
  let pass = ConvolutionPass<Operands>(
    windows: windows, groups: g.groups, sourceSize: g.inputSize, targetSize: g.outputSize,
    targetChannels: g.outputChannels, targetWidth: g.outputWidth, targetRow: 0, targetColumn: 0, targetStep: 1)
  pass.run(samples: samples, x, { w + $0 * pass.outputs }, weightStride: g.outputChannels, scale: scale, y)
}

/// The adjoint of `convolution` in `x`, and a bias on its channels: `dy` `[samples, outputHeight, outputWidth, outputChannels]`, `dx` like
/// `x`.
public func convolutionInputGradient(
  _ g: ConvolutionGeometry, samples: Int, _ dy: Input, _ w: Input, scale: Float = 1, bias: Input? = nil, _ dx: Output
) {
  if let winograd = g.winograd { return winograd.convolveInputGradient(g, samples: samples, dy, w, scale: scale, bias: bias, dx) }
  defer { addBias(bias, pixels: samples * g.height * g.width, channels: g.inputChannels, dx) }
  if let few = FewInputs(adjointOf: g) { return g.withScaled(w, by: scale) { few.run(samples: samples, dy, $0, dx) } }
  if let few = FewOutputs(adjointOf: g) { return g.withScaled(w, by: scale) { few.run(samples: samples, dy, $0, dx) } }
  if g.isDepthwise {
    return g.withScaled(w, by: scale) { w in
      for phase in g.phases { DepthwisePass(adjointOf: g, phase).run(samples: samples, dy, w, dx) }
    }
  }
  if g.multipliesPairs {
    multiplyAdjoint(g, BFloatPairs.self, samples: samples, dy, w, scale: scale, dx)
  } else {
    multiplyAdjoint(g, Floats.self, samples: samples, dy, w, scale: scale, dx)
  }
}

/// `convolutionInputGradient` by products of matrices.
private func multiplyAdjoint<Operands: ProductOperands>(
  _ g: ConvolutionGeometry, _: Operands.Type, samples: Int, _ dy: Input, _ w: Input, scale: Float, _ dx: Output
) {
  let inputs = g.inputChannels / g.groups
  let outputs = g.outputChannels / g.groups
  for phase in g.phases {
    let taps = phase.taps
    let pass = ConvolutionPass<Operands>(
      windows: TapGather(
        height: g.outputHeight, width: g.outputWidth, imageChannels: g.outputChannels, step: 1, taps: taps,
        rows: phase.rows, columns: phase.columns, channels: outputs),
      groups: g.groups, sourceSize: g.outputSize, targetSize: g.inputSize,
      targetChannels: g.inputChannels, targetWidth: g.width, targetRow: phase.row, targetColumn: phase.column, targetStep: g.stride)
    let groupSize = taps.count * outputs * inputs
    withScratch(g.groups * groupSize) { turned in
      // Weights of this phase as [group, tap, output channel, input channel].
      let block = 64
      let blocks = (inputs + block - 1) / block
      Workers.forRanges(g.groups * taps.count * blocks, grain: max(1, threadingGrain / max(1, outputs * block))) { range in
        for task in range {
          let (group, tap, first) = (task / blocks / taps.count, task / blocks % taps.count, task % blocks * block)
          turn(
            w + (taps[tap].index * inputs + first) * g.outputChannels + group * outputs, rows: min(block, inputs - first), columns: outputs,
            stride: g.outputChannels, turned + task / blocks * outputs * inputs + first, targetStride: inputs)
        }
      }
      pass.run(samples: samples, dy, { UnsafePointer(turned) + $0 * groupSize }, weightStride: inputs, scale: scale, dx)
    }
  }
}

/// Adds `bias [channels]` to each pixel.
private func addBias(_ bias: Input?, pixels: Int, channels: Int, _ y: Output) {
  guard let bias else { return }
  apply(.add, y, [pixels, channels], bias, [1, channels], y, [pixels, channels])
}
