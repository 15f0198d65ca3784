import Sharding

/// The adjoint of `winogradConvolution` in `w`, summed over the batch: `dw` is `[nodeCount, kernel, kernel, inputs, outputs]`.
///
/// `dw = Gᵀ [Σ (Bᵀ d B) ⊙ (A dy Aᵀ)] G`: for each leaf the products are summed over its tiles in ascending order, turned into weights, and
/// the leaves are added by `rows.steps`. A task is a leaf, a source, a block of input and a block of output channels, small enough for its
/// sums to stay in the second-level cache, and square enough that transforming the tiles for each block costs little. As many input
/// channels are taken at once as let the leaves' sums stay in the last-level cache.
func winogradWeightGradient<Transform: WinogradTransform>(
  _ g: ConvolutionGeometry, _: Transform.Type, rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output
) {
  let leaves = rows.segments.count
  let taps = g.kernelHeight * g.kernelWidth
  let (inputBlock, outputBlock) = (min(g.inputChannels, 64), min(g.outputChannels, 128))
  let fitting = (8 << 20) / max(1, leaves * taps * g.outputChannels * inputBlock)
  let group = min(g.inputChannels, max(1, fitting) * inputBlock)
  withScratch(leaves * taps * group * g.outputChannels) { partials in
    for first in stride(from: 0, to: g.inputChannels, by: group) {
      let inputs = first..<min(g.inputChannels, first + group)
      let tapSize = inputs.count * g.outputChannels
      sumLeaves(g, Transform.self, rows, inputs, inputBlock: inputBlock, outputBlock: outputBlock, x, dy, partials)
      // Some numbers of one tap at a time.
      let run = 1024
      let runs = (tapSize + run - 1) / run
      Workers.forRanges(taps * runs, grain: 16) { range in
        withScratch(rows.stackHeight * run) { memory in
          for task in range {
            let (tap, start) = (task / runs, task % runs * run)
            let length = min(run, tapSize - start)
            foldTree(rows.steps, size: length, memory: memory) { leaf, partial in
              partial.update(from: partials + (leaf * taps + tap) * tapSize + start, count: length)
            } finish: { node, sum in
              (dw + node * g.weightSize + (tap * g.inputChannels + first) * g.outputChannels + start).update(from: sum, count: length)
            }
          }
        }
      }
    }
  }
}

/// The leaves' weight gradients of some input channels: `[leaf, kernel, kernel, those inputs, outputs]`.
private func sumLeaves<Transform: WinogradTransform>(
  _ g: ConvolutionGeometry, _: Transform.Type, _ rows: ShardRows, _ inputs: Range<Int>, inputBlock: Int, outputBlock: Int, _ x: Input,
  _ dy: Input, _ partials: Output
) {
  let sources = g.winogradSources
  let weights = WinogradWeights<Transform>(inputs: inputs.count, outputs: g.outputChannels, step: g.stride)
  let leafSize = g.kernelHeight * g.kernelWidth * inputs.count * g.outputChannels
  let inputBlocks = (inputs.count + inputBlock - 1) / inputBlock
  let outputBlocks = (g.outputChannels + outputBlock - 1) / outputBlock
  let blocks = inputBlocks * outputBlocks
  Workers.forEach(rows.segments.count * sources.count * blocks) { task in
    let (firstInput, firstOutput) = (task / outputBlocks % inputBlocks * inputBlock, task % outputBlocks * outputBlock)
    let (leaf, source) = (task / (sources.count * blocks), task / blocks % sources.count)
    LeafSum<Transform>(
      source: sources[source], target: g.outputPixels, weights: weights, firstChannel: inputs.lowerBound,
      inputs: firstInput..<min(inputs.count, firstInput + inputBlock),
      outputs: firstOutput..<min(g.outputChannels, firstOutput + outputBlock)
    ).run(rows.segments[leaf], x, dy, partials + leaf * leafSize)
  }
}

/// The weight gradient of one leaf, one source and some channels.
private struct LeafSum<Transform: WinogradTransform> {
  let source: WinogradSource
  let target: PixelLattice
  let weights: WinogradWeights<Transform>
  /// The image's channel that is input 0 of the weights.
  let firstChannel: Int
  let inputs, outputs: Range<Int>

  /// Tiles of a leaf below which direct products are faster: each of them costs more, but there are no sums at all positions to transform.
  private static var fewTiles: Int { 4 }

  /// Writes the gradient into its places in the weights, in a way that depends on the leaf alone.
  func run(_ segments: [Range<Int>], _ x: Input, _ dy: Input, _ dw: Output) {
    let tiles = WinogradTiles<Transform>(target)
    if segments.reduce(0, { $0 + $1.count }) * tiles.count < Self.fewTiles { return runDirectly(segments, x, dy, dw) }
    let (rows, columns, positions) = (inputs.count, outputs.count, Transform.positions)
    let channels = (firstChannel + inputs.lowerBound)..<(firstChannel + inputs.upperBound)
    // Tiles transformed at once: their products stay in the second-level cache while the sums pass through it.
    let block = 48
    // Positions lie a line further apart than they need: see `WinogradPass.rowStep`.
    let (sumStep, vStep, uStep) = (rows * columns + 16, block * rows + 16, block * columns + 16)
    withScratch(positions * (sumStep + vStep + uStep) + max(rows, columns)) { sums in
      let v = sums + positions * sumStep
      let u = v + positions * vStep
      let zeros = u + positions * uStep
      zeros.update(repeating: 0, count: max(rows, columns))
      var product = TileProduct(depth: 0, rowStep: 1, termStep: rows, bStep: columns, cStep: columns, accumulate: false)
      for segment in segments {
        let end = segment.upperBound * tiles.count
        for first in stride(from: segment.lowerBound * tiles.count, to: end, by: block) {
          product.depth = min(block, end - first)
          for tile in 0..<product.depth {
            tiles.transformInput(
              source.pixels, x, tile: first + tile, channels: channels, zeros: zeros, v + tile * rows, positionStride: vStep)
            tiles.transformCotangent(
              target, dy, tile: first + tile, channels: outputs, zeros: zeros, u + tile * columns, positionStride: uStep)
          }
          for position in 0..<positions {
            product.run(
              rows: rows, columns: columns, v + position * vStep, u + position * uStep, sums + position * sumStep)
          }
          product.accumulate = true
        }
      }
      if !product.accumulate { sums.update(repeating: 0, count: positions * sumStep) }
      for row in 0..<rows {
        weights.unpack(
          sums + row * columns, positionStride: sumStep, source, input: inputs.lowerBound + row, columns: outputs, dw)
      }
    }
  }

  /// One product for each tap: the windows' channels at it times the cotangents.
  private func runDirectly(_ segments: [Range<Int>], _ x: Input, _ dy: Input, _ dw: Output) {
    let (rows, columns) = (inputs.count, outputs.count)
    let pixels = target.height * target.width
    let longest = segments.reduce(0) { max($0, $1.count) }
    var product = TileProduct(
      depth: 0, rowStep: 1, termStep: rows, bStep: target.channels, cStep: weights.outputs, accumulate: false)
    withScratch(longest * pixels * rows) { windows in
      for tap in 0..<Transform.taps * Transform.taps {
        let (a, b) = (tap / Transform.taps, tap % Transform.taps)
        let place = dw + weights.offset(source, a, b) + inputs.lowerBound * weights.outputs + outputs.lowerBound
        product.accumulate = false
        for segment in segments where !segment.isEmpty {
          gather(x, segment, row: a, column: b, windows)
          product.depth = segment.count * pixels
          product.run(rows: rows, columns: columns, windows, dy + segment.lowerBound * target.size + outputs.lowerBound, place)
          product.accumulate = true
        }
        if !product.accumulate {
          for row in 0..<rows { (place + row * weights.outputs).update(repeating: 0, count: columns) }
        }
      }
    }
  }

  /// The channels that each output pixel of some samples reads through tap (row, column): `[pixel, input]`, zeros outside the image.
  private func gather(_ x: Input, _ samples: Range<Int>, row: Int, column: Int, _ windows: Output) {
    var place = windows
    for sample in samples {
      let image = x + sample * source.pixels.size + firstChannel + inputs.lowerBound
      for y in 0..<target.height {
        for z in 0..<target.width {
          if let offset = source.pixels.offset(y + row, z + column) {
            place.update(from: image + offset, count: inputs.count)
          } else {
            place.update(repeating: 0, count: inputs.count)
          }
          place += inputs.count
        }
      }
    }
  }
}
