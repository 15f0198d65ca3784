/// How Winograd's algorithm computes a convolution: a function of the shape and of the process's `ConvolutionAlgorithm` alone.
enum WinogradForm {
  /// 3x3 kernels of stride 1 by F(4x4, 3x3).
  case stride1
  /// 4x4 kernels of stride 2 by F(4x4, 2x2): on every second pixel of the image, such a kernel is one of 2x2 and stride 1.
  case stride2
}

extension ConvolutionGeometry {
  /// The form, or nil where the algorithm does not serve.
  var winograd: WinogradForm? {
    guard ConvolutionAlgorithm.current == .winograd, groups == 1, inputChannels % 16 == 0, outputChannels % 16 == 0, outputHeight >= 4,
      outputWidth >= 4, kernelHeight == kernelWidth,
      max(padTop, padLeft, padBottom, padRight) < kernelHeight
    else { return nil }
    return switch (kernelHeight, stride) {
    case (3, 1): .stride1
    case (4, 2): .stride2
    default: nil
    }
  }

  /// Whether all three passes go by Winograd's algorithm.
  public var usesWinograd: Bool { winogradWeightGradient != nil }

  /// The form of the weight gradient. Under stride 2 the sums of a leaf are four times as many for a quarter of the tiles: with one tile a
  /// sample, writing them takes longer than direct products do.
  var winogradWeightGradient: WinogradForm? { winograd }

  /// The pixels of the output.
  var outputPixels: PixelLattice { PixelLattice(height: outputHeight, width: outputWidth, channels: outputChannels) }

  /// What the forward pass sums up: for each place in a square of `stride` taps, the pixels that they read.
  var winogradSources: [WinogradSource] {
    (0..<stride * stride).map { place in
      let (row, column) = (place / stride, place % stride)
      let pixels = PixelLattice(
        height: height, width: width, channels: inputChannels, step: stride, top: row - padTop, left: column - padLeft)
      return WinogradSource(pixels: pixels, row: row, column: column)
    }
  }

  /// The sources of each pass over the images, a function of the shape alone: where the transformed weights of all sources would not stay
  /// in the last-level cache, but those of one do, each source has a pass of its own, which adds to the output.
  func winogradPasses(positions: Int) -> [[WinogradSource]] {
    let sources = winogradSources
    let size = positions * sources.count * inputChannels * outputChannels
    return size > 4 << 20 && size <= WinogradPass<FourByTwo>.mostWeights ? sources.map { [$0] } : [sources]
  }

  /// The input gradient as convolutions of the output's cotangents with the turned weights: one for each place in a square of `stride`
  /// pixels.
  ///
  /// Output i reads through tap `k = stride · t + place` of `taps` on a side the input `u = stride · (i + t) + place - pad`, so the inputs of
  /// one place are `u = stride · m + place - pad`, and tap t reads output `m - t`: windows begin at `m - (taps - 1)`, and the turned kernel
  /// begins at `stride - 1 - place`.
  var winogradAdjointPhases: [WinogradPhase] {
    let taps = kernelHeight / stride
    return (0..<stride * stride).map { place in
      let (row, column) = (place / stride, place % stride)
      // The first m whose pixel lies inside.
      let (top, left) = ((padTop - row + stride - 1) / stride, (padLeft - column + stride - 1) / stride)
      var source = outputPixels
      (source.top, source.left) = (top - (taps - 1), left - (taps - 1))
      let target = PixelLattice(
        height: height, width: width, channels: inputChannels, step: stride, top: stride * top + row - padTop,
        left: stride * left + column - padLeft)
      return WinogradPhase(
        sources: [WinogradSource(pixels: source, row: stride - 1 - row, column: stride - 1 - column)], target: target)
    }
  }
}

/// `y = x * (scale · w) + bias` of each sample.
func winogradConvolution<Transform: WinogradTransform>(
  _ g: ConvolutionGeometry, _: Transform.Type, samples: Int, _ x: Input, _ w: Input, scale: Float, bias: Input?, _ y: Output
) {
  let weights = WinogradWeights<Transform>(inputs: g.inputChannels, outputs: g.outputChannels, step: g.stride, scale: scale)
  for (index, sources) in g.winogradPasses(positions: Transform.positions).enumerated() {
    WinogradPass([WinogradPhase(sources: sources, target: g.outputPixels)], weights, bias: bias, accumulate: index > 0)
      .run(samples: samples, x, w, isTurned: false, y)
  }
}

/// The adjoint of `winogradConvolution` in `x`: convolutions with the weights turned by 180°, input and output exchanged.
func winogradInputGradient<Transform: WinogradTransform>(
  _ g: ConvolutionGeometry, _: Transform.Type, samples: Int, _ dy: Input, _ w: Input, scale: Float, bias: Input?, _ dx: Output
) {
  let weights = WinogradWeights<Transform>(inputs: g.outputChannels, outputs: g.inputChannels, step: g.stride, scale: scale)
  WinogradPass(g.winogradAdjointPhases, weights, bias: bias).run(samples: samples, dy, w, isTurned: true, dx)
}
