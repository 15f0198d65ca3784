import Sharding

/// The adjoint of `winogradConvolution` in `w`, summed over the batch: `dw` is `[nodeCount, 3, 3, inputs, outputs]`.
///
/// `dw = Gᵀ [Σ (Bᵀ d B) ⊙ (A dy Aᵀ)] G`: for each leaf the 36 products are summed over its tiles in ascending order, turned into 3x3
/// weights, and the leaves are added by `rows.steps`.
func winogradWeightGradient(_ g: ConvolutionGeometry, rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output) {
  let size = g.weightSize
  let leaves = rows.segments.count
  withScratch(leaves * size) { partials in
    Workers.forEach(leaves) { leaf in
      sumLeaf(g, rows.segments[leaf], x, dy, partials + leaf * size)
    }
    let block = 1024
    Workers.forRanges(size, grain: 16 * block) { range in
      withScratch(rows.stackHeight * block) { memory in
        var start = range.lowerBound
        while start < range.upperBound {
          let length = min(block, range.upperBound - start)
          foldTree(rows.steps, size: length, memory: memory) { leaf, partial in
            partial.update(from: partials + leaf * size + start, count: length)
          } finish: { node, sum in
            (dw + node * size + start).update(from: sum, count: length)
          }
          start += block
        }
      }
    }
  }
}

/// The weight gradient of one leaf, `[3, 3, inputs, outputs]`.
private func sumLeaf(_ g: ConvolutionGeometry, _ segments: [Range<Int>], _ x: Input, _ dy: Input, _ dw: Output) {
  let tiles = WinogradTiles(g)
  let (inputs, outputs) = (g.inputChannels, g.outputChannels)
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
          tiles.transformInput(x, tile: first + tile, zeros: zeros, v + tile * inputs, positionStride: block * inputs)
          tiles.transformCotangent(dy, tile: first + tile, zeros: zeros, u + tile * outputs, positionStride: block * outputs)
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
    if isFirst {
      dw.update(repeating: 0, count: g.weightSize)
    } else {
      unpack(sums, inputs * outputs, dw)
    }
  }
}

/// `Gᵀ m G` of every pair of channels: `m [36, size]` to `dw [9, size]`.
private func unpack(_ m: Input, _ size: Int, _ dw: Output) {
  withUnsafeTemporaryAllocation(of: Lane.self, capacity: 18) { d in
    var index = 0
    while index < size {
      let source = m + index
      for j in 0..<6 {
        let r = Winograd.weightAdjoint(
          source.lane(j * size), source.lane((6 + j) * size), source.lane((12 + j) * size), source.lane((18 + j) * size),
          source.lane((24 + j) * size), source.lane((30 + j) * size))
        (d[j], d[6 + j], d[12 + j]) = r
      }
      for i in 0..<3 {
        let r = Winograd.weightAdjoint(d[i * 6], d[i * 6 + 1], d[i * 6 + 2], d[i * 6 + 3], d[i * 6 + 4], d[i * 6 + 5])
        let target = dw + i * 3 * size + index
        target.store(r.0, 0)
        target.store(r.1, size)
        target.store(r.2, 2 * size)
      }
      index += 16
    }
  }
}
