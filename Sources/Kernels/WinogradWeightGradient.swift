import Sharding

/// The adjoint of `winogradConvolution` in `w`, summed over the batch: `dw` is `[nodeCount, kernel, kernel, inputs, outputs]`.
///
/// `dw = Gᵀ [Σ (Bᵀ d B) ⊙ (A dy Aᵀ)] G`: for each leaf the products are summed over its tiles in ascending order, turned into weights, and
/// the leaves are added by `rows.steps`. The weights are cut into blocks of a source, 64 input and 128 output channels: small enough for the
/// sums to stay near the core, and square enough that transforming the tiles for each block costs little. Where there are blocks enough for
/// all threads each adds up its leaves at once, so that their sums never reach the memory.
func winogradWeightGradient<Transform: WinogradTransform>(
  _ g: ConvolutionGeometry, _: Transform.Type, rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output
) {
  let leaves = rows.segments.count
  let blocks = g.winogradSources.flatMap { source in
    stride(from: 0, to: g.inputChannels, by: 64).flatMap { first in
      stride(from: 0, to: g.outputChannels, by: 128).map { column in
        LeafSum<Transform>(
          source: source, target: g.outputPixels, inputs: first..<min(g.inputChannels, first + 64),
          outputs: column..<min(g.outputChannels, column + 128))
      }
    }
  }
  let largest = blocks.reduce(0) { max($0, $1.size) }
  func fold(_ block: LeafSum<Transform>, leaf: (Int, Output) -> Void) {
    withScratch(rows.stackHeight * block.size) { memory in
      foldTree(rows.steps, size: block.size, memory: memory, leaf: leaf) { node, sum in block.write(sum, g, dw + node * g.weightSize) }
    }
  }
  if leaves == 1 || blocks.count >= 4 * Workers.threads {
    return Workers.forEach(blocks.count) { index in
      let block = blocks[index]
      fold(block) { leaf, sum in block.run(rows.segments[leaf], x, dy, sum) }
    }
  }
  withScratch(leaves * blocks.count * largest) { sums in
    Workers.forEach(leaves * blocks.count) { task in
      blocks[task % blocks.count].run(rows.segments[task / blocks.count], x, dy, sums + task * largest)
    }
    Workers.forEach(blocks.count) { index in
      fold(blocks[index]) { leaf, sum in
        sum.update(from: sums + (leaf * blocks.count + index) * largest, count: blocks[index].size)
      }
    }
  }
}

/// The weight gradient of one leaf, one source and some channels: `[tap, tap, those inputs, those outputs]`.
private struct LeafSum<Transform: WinogradTransform> {
  let source: WinogradSource
  let target: PixelLattice
  let inputs, outputs: Range<Int>

  /// Numbers of the gradient.
  var size: Int { Transform.taps * Transform.taps * inputs.count * outputs.count }

  /// Copies the sum of all leaves into its places in the weights.
  func write(_ sum: Input, _ g: ConvolutionGeometry, _ dw: Output) {
    let weights = WinogradWeights<Transform>(inputs: g.inputChannels, outputs: g.outputChannels, step: g.stride)
    for tap in 0..<Transform.taps * Transform.taps {
      let place = dw + weights.offset(source, tap / Transform.taps, tap % Transform.taps) + outputs.lowerBound
      for (index, input) in inputs.enumerated() {
        (place + input * g.outputChannels).update(from: sum + (tap * inputs.count + index) * outputs.count, count: outputs.count)
      }
    }
  }

  /// Tiles of a leaf below which direct products are faster: each of them costs more, but there are no sums at all positions to transform.
  private static var fewTiles: Int { 4 }

  /// Computes the gradient in a way that depends on the leaf alone.
  func run(_ segments: [Range<Int>], _ x: Input, _ dy: Input, _ dw: Output) {
    let tiles = WinogradTiles<Transform>(target)
    if segments.reduce(0, { $0 + $1.count }) * tiles.count < Self.fewTiles { return runDirectly(segments, x, dy, dw) }
    let (rows, columns, positions) = (inputs.count, outputs.count, Transform.positions)
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
              source.pixels, x, tile: first + tile, channels: inputs, zeros: zeros, v + tile * rows, positionStride: vStep)
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
      let block = WinogradWeights<Transform>(inputs: rows, outputs: columns, step: 1)
      for row in 0..<rows {
        block.unpack(
          sums + row * columns, positionStride: sumStep, WinogradSource(pixels: source.pixels), input: row, columns: 0..<columns, dw)
      }
    }
  }

  /// One product for each tap: the windows' channels at it times the cotangents.
  private func runDirectly(_ segments: [Range<Int>], _ x: Input, _ dy: Input, _ dw: Output) {
    let (rows, columns) = (inputs.count, outputs.count)
    let pixels = target.height * target.width
    let longest = segments.reduce(0) { max($0, $1.count) }
    var product = TileProduct(
      depth: 0, rowStep: 1, termStep: rows, bStep: target.channels, cStep: columns, accumulate: false)
    withScratch(longest * pixels * rows) { windows in
      for tap in 0..<Transform.taps * Transform.taps {
        let (a, b) = (tap / Transform.taps, tap % Transform.taps)
        let place = dw + tap * rows * columns
        product.accumulate = false
        for segment in segments where !segment.isEmpty {
          gather(x, segment, row: a, column: b, windows)
          product.depth = segment.count * pixels
          product.run(rows: rows, columns: columns, windows, dy + segment.lowerBound * target.size + outputs.lowerBound, place)
          product.accumulate = true
        }
        if !product.accumulate { place.update(repeating: 0, count: rows * columns) }
      }
    }
  }

  /// The channels that each output pixel of some samples reads through tap (row, column): `[pixel, input]`, zeros outside the image.
  private func gather(_ x: Input, _ samples: Range<Int>, row: Int, column: Int, _ windows: Output) {
    var place = windows
    for sample in samples {
      let image = x + sample * source.pixels.size + inputs.lowerBound
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
