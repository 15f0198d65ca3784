extension ConvolutionGeometry {
  /// The transforms by which Winograd's algorithm computes all passes over the images: a function of the shape and of the process's
  /// `ConvolutionAlgorithm` and `ConvolutionPrecision` alone; nil where the algorithm does not serve.
  ///
  /// 3x3 kernels of stride 1, and 4x4 kernels of stride 2: on every second pixel of the image, such a kernel is one of 2x2 and stride 1.
  var winograd: (any WinogradTransform.Type)? {
    guard ConvolutionAlgorithm.current == .winograd, groups == 1, inputChannels % 16 == 0, outputChannels % 16 == 0, outputHeight >= 4,
      outputWidth >= 4, kernelHeight == kernelWidth,
      max(padTop, padLeft, padBottom, padRight) < kernelHeight
    else { return nil }
    switch (kernelHeight, stride) {
    case (3, 1): return prefersPairs(TwoByThree.self, to: FourByThree.self) ? TwoByThree.self : FourByThree.self
    case (4, 2): return prefersPairs(ThreeByTwo.self, to: FourByTwo.self) ? ThreeByTwo.self : FourByTwo.self
    default: return nil
    }
  }

  /// The transforms of the weight gradient of a leaf of so many samples, where `winograd` is not nil. Sums of bfloat16 products go through
  /// the memory, which few tiles do not repay.
  func winogradWeightGradient(samples: Int) -> any WinogradTransform.Type {
    let whole: any WinogradTransform.Type = stride == 1 ? FourByThree.self : FourByTwo.self
    guard let winograd, winograd.tile < 4, samples * tiles(winograd) >= 80 else { return whole }
    return winograd
  }

  /// Whether all three passes go by Winograd's algorithm.
  public var usesWinograd: Bool { winograd != nil }

  /// Whether products of bfloat16 are asked for, and gain more than smaller tiles lose: of few channels, transforms take most of the time, and
  /// some sizes need too many small tiles.
  private func prefersPairs(_ small: any WinogradTransform.Type, to large: any WinogradTransform.Type) -> Bool {
    ConvolutionPrecision.current == .bf16 && min(inputChannels, outputChannels) >= (stride == 1 ? 128 : 64)
      && products(small) < 2 * products(large)
  }

  /// Tiles that cover the output of a sample.
  private func tiles(_ transform: any WinogradTransform.Type) -> Int {
    ((outputHeight + transform.tile - 1) / transform.tile) * ((outputWidth + transform.tile - 1) / transform.tile)
  }

  /// Their products, for each two channels.
  private func products(_ transform: any WinogradTransform.Type) -> Int { tiles(transform) * transform.positions }

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
  func winogradPasses<Transform: WinogradTransform>(_: Transform.Type) -> [[WinogradSource]] {
    let sources = winogradSources
    let size = Transform.positions * Transform.Operands.words(sources.count * inputChannels) * outputChannels
    return size > 4 << 20 && size <= WinogradPass<Transform>.mostWeights ? sources.map { [$0] } : [sources]
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

extension WinogradTransform {
  static func convolve(
    _ g: ConvolutionGeometry, samples: Int, _ x: Input, _ w: Input, scale: Float, bias: Input?, _ y: Output
  ) {
    let weights = WinogradWeights<Self>(inputs: g.inputChannels, outputs: g.outputChannels, step: g.stride, scale: scale)
    for (index, sources) in g.winogradPasses(Self.self).enumerated() {
      WinogradPass([WinogradPhase(sources: sources, target: g.outputPixels)], weights, bias: bias, accumulate: index > 0)
        .run(samples: samples, x, w, isTurned: false, y)
    }
  }

  static func convolveInputGradient(
    _ g: ConvolutionGeometry, samples: Int, _ dy: Input, _ w: Input, scale: Float, bias: Input?, _ dx: Output
  ) {
    let weights = WinogradWeights<Self>(inputs: g.outputChannels, outputs: g.inputChannels, step: g.stride, scale: scale)
    WinogradPass(g.winogradAdjointPhases, weights, bias: bias).run(samples: samples, dy, w, isTurned: true, dx)
  }
}
