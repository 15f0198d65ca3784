import Sharding

/// The adjoint of `winogradConvolution` in `w`, summed over the batch: `dw` is `[nodeCount, 3, 3, inputs, outputs]`.
///
/// `dw = Gᵀ [Σ (Bᵀ d B) ⊙ (A dy Aᵀ)] G`: for each leaf the 36 products are summed over its tiles in ascending order, turned into 3x3
/// weights, and the leaves are added by `rows.steps`. A task is a leaf, a block of input and a block of output channels, small enough for
/// its sums to stay in the second-level cache, and square enough that transforming the tiles for each block costs little.
func winogradWeightGradient(_ g: ConvolutionGeometry, rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output) {
  let size = g.weightSize
  let leaves = rows.segments.count
  withScratch(leaves * size) { partials in
    let (inputBlock, outputBlock) = (min(g.inputChannels, 64), min(g.outputChannels, 128))
    let inputBlocks = (g.inputChannels + inputBlock - 1) / inputBlock
    let outputBlocks = (g.outputChannels + outputBlock - 1) / outputBlock
    Workers.forEach(leaves * inputBlocks * outputBlocks) { task in
      let (firstInput, firstOutput) = (task / outputBlocks % inputBlocks * inputBlock, task % outputBlocks * outputBlock)
      let leaf = task / (inputBlocks * outputBlocks)
      sumLeaf(
        g, rows.segments[leaf], firstInput..<min(g.inputChannels, firstInput + inputBlock),
        firstOutput..<min(g.outputChannels, firstOutput + outputBlock), x, dy, partials + leaf * size)
    }
    let run = 1024
    Workers.forRanges(size, grain: 16 * run) { range in
      withScratch(rows.stackHeight * run) { memory in
        var start = range.lowerBound
        while start < range.upperBound {
          let length = min(run, range.upperBound - start)
          foldTree(rows.steps, size: length, memory: memory) { leaf, partial in
            partial.update(from: partials + leaf * size + start, count: length)
          } finish: { node, sum in
            (dw + node * size + start).update(from: sum, count: length)
          }
          start += run
        }
      }
    }
  }
}

/// The weight gradient of one leaf and some channels, into their places in `[3, 3, inputs, outputs]`.
private func sumLeaf(
  _ g: ConvolutionGeometry, _ segments: [Range<Int>], _ inputRange: Range<Int>, _ outputRange: Range<Int>, _ x: Input, _ dy: Input,
  _ dw: Output
) {
  let tiles = WinogradTiles(g)
  let (inputs, outputs) = (inputRange.count, outputRange.count)
  // Tiles transformed at once: their products stay in the second-level cache while the sums pass through it.
  let block = 48
  withScratch(Winograd.positions * (inputs * outputs + block * (inputs + outputs)) + max(inputs, outputs)) { sums in
    let v = sums + Winograd.positions * inputs * outputs
    let u = v + Winograd.positions * block * inputs
    let zeros = u + Winograd.positions * block * outputs
    zeros.update(repeating: 0, count: max(inputs, outputs))
    var isFirst = true
    for segment in segments {
      var first = segment.lowerBound * tiles.count
      let end = segment.upperBound * tiles.count
      while first < end {
        let count = min(block, end - first)
        for tile in 0..<count {
          tiles.transformInput(
            x, tile: first + tile, channels: inputRange, zeros: zeros, v + tile * inputs, positionStride: block * inputs)
          tiles.transformCotangent(
            dy, tile: first + tile, channels: outputRange, zeros: zeros, u + tile * outputs, positionStride: block * outputs)
        }
        for position in 0..<Winograd.positions {
          let a = UnsafePointer(v) + position * block * inputs
          let b = UnsafePointer(u) + position * block * outputs
          let c = sums + position * inputs * outputs
          var column = 0
          while column < outputs {
            let isWide = column + 32 <= outputs
            var row = 0
            while row < inputs {
              let target = c + row * outputs + column
              if isWide {
                tileProduct32(
                  depth: count, a + row, rowStep: 1, termStep: inputs, b + column, bStep: outputs, target, cStep: outputs,
                  accumulate: !isFirst)
              } else {
                tileProduct16(
                  depth: count, a + row, rowStep: 1, termStep: inputs, b + column, bStep: outputs, target, cStep: outputs,
                  accumulate: !isFirst)
              }
              row += 8
            }
            column += isWide ? 32 : 16
          }
        }
        isFirst = false
        first += count
      }
    }
    if isFirst { sums.update(repeating: 0, count: Winograd.positions * inputs * outputs) }
    for row in 0..<inputs {
      let target = dw + (inputRange.lowerBound + row) * g.outputChannels + outputRange.lowerBound
      unpack(sums + row * outputs, outputs, positionStride: inputs * outputs, target, tapStride: g.inputChannels * g.outputChannels)
    }
  }
}

/// `Gᵀ m G` of `count` pairs of channels: 36 numbers each, `positionStride` apart, to nine, `tapStride` apart.
private func unpack(_ m: Input, _ count: Int, positionStride: Int, _ dw: Output, tapStride: Int) {
  withUnsafeTemporaryAllocation(of: Lane.self, capacity: 18) { d in
    var index = 0
    while index < count {
      let source = m + index
      for j in 0..<6 {
        let r = Winograd.weightAdjoint(
          source.lane(j * positionStride), source.lane((6 + j) * positionStride), source.lane((12 + j) * positionStride),
          source.lane((18 + j) * positionStride), source.lane((24 + j) * positionStride), source.lane((30 + j) * positionStride))
        (d[j], d[6 + j], d[12 + j]) = r
      }
      for i in 0..<3 {
        let r = Winograd.weightAdjoint(d[i * 6], d[i * 6 + 1], d[i * 6 + 2], d[i * 6 + 3], d[i * 6 + 4], d[i * 6 + 5])
        let target = dw + i * 3 * tapStride + index
        target.store(r.0, 0)
        target.store(r.1, tapStride)
        target.store(r.2, 2 * tapStride)
      }
      index += 16
    }
  }
}
