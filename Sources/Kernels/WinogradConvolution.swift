extension ConvolutionGeometry {
  /// Whether Winograd's algorithm computes this convolution: a function of the shape and of the process's `ConvolutionAlgorithm` alone.
  var usesWinograd: Bool {
    kernelHeight == 3 && kernelWidth == 3 && stride == 1 && groups == 1 && inputChannels % 16 == 0 && outputChannels % 16 == 0
      && max(padTop, padLeft, padBottom, padRight) <= 2
      && outputHeight >= 4 && outputWidth >= 4 && ConvolutionAlgorithm.current == .winograd
  }

  /// The convolution that computes this one's input gradient, from weights turned by 180° with input and output exchanged.
  var adjoint: ConvolutionGeometry {
    ConvolutionGeometry(
      height: outputHeight, width: outputWidth, inputChannels: outputChannels, outputChannels: inputChannels, kernelHeight: 3,
      kernelWidth: 3, padTop: 2 - padTop, padLeft: 2 - padLeft, padBottom: 2 - padBottom, padRight: 2 - padRight)
  }
}

/// `y = x * w` of each sample by F(4x4, 3x3).
///
/// Tiles of all samples are taken together, 24 at a time: each of the 36 products adds over input channels in ascending order, so
/// a tile's bits do not depend on its block.
func winogradConvolution(_ g: ConvolutionGeometry, samples: Int, _ x: Input, _ w: Input, _ y: Output) {
  let tiles = WinogradTiles(g)
  let (inputs, outputs) = (g.inputChannels, g.outputChannels)
  let total = samples * tiles.count
  let block = 24
  if inputs * outputs > 512 * 512 { return winogradByColumns(g, tiles, total: total, x, w, y) }
  withScratch(Winograd.positions * inputs * outputs + inputs) { weights in
    let zeros = weights + Winograd.positions * inputs * outputs
    zeros.update(repeating: 0, count: inputs)
    packWinogradWeights(g, w, weights)
    Workers.forEach((total + block - 1) / block) { task in
      let first = task * block
      let count = min(block, total - first)
      // Whole groups of eight rows; those beyond the last tile are computed from whatever is there and never read.
      let padded = (count + 7) / 8 * 8
      withScratch(Winograd.positions * block * (inputs + outputs)) { v in
        let m = v + Winograd.positions * block * inputs
        if padded > count {
          for position in 0..<Winograd.positions {
            (v + (position * block + count) * inputs).update(repeating: 0, count: (padded - count) * inputs)
          }
        }
        for tile in 0..<count {
          tiles.transformInput(x, tile: first + tile, zeros: zeros, v + tile * inputs, positionStride: block * inputs)
        }
        for position in 0..<Winograd.positions {
          let a = v + position * block * inputs
          let c = m + position * block * outputs
          var column = 0
          while column < outputs {
            let b = UnsafePointer(weights) + position * inputs * outputs + column * inputs
            let isWide = column + 32 <= outputs
            var row = 0
            while row < padded {
              if isWide {
                tileProduct32(
                  depth: inputs, a + row * inputs, rowStep: inputs, termStep: 1, b, bStep: 32, c + row * outputs + column, cStep: outputs,
                  accumulate: false)
              } else {
                tileProduct16(
                  depth: inputs, a + row * inputs, rowStep: inputs, termStep: 1, b, bStep: 16, c + row * outputs + column, cStep: outputs,
                  accumulate: false)
              }
              row += 8
            }
            column += isWide ? 32 : 16
          }
        }
        for tile in 0..<count {
          tiles.transformOutput(m + tile * outputs, positionStride: block * outputs, tile: first + tile, y)
        }
      }
    }
  }
}

/// The same for weights that would not stay in the cache: up to 512 tiles are transformed, then each block of 32 output channels turns its
/// own weights and goes through all of them, so that the weights are read once.
private func winogradByColumns(_ g: ConvolutionGeometry, _ tiles: WinogradTiles, total: Int, _ x: Input, _ w: Input, _ y: Output) {
  let (inputs, outputs) = (g.inputChannels, g.outputChannels)
  let group = min(512, (total + 7) / 8 * 8)
  withScratch(Winograd.positions * group * inputs + inputs) { v in
    let zeros = v + Winograd.positions * group * inputs
    zeros.update(repeating: 0, count: inputs)
    var first = 0
    while first < total {
      let count = min(group, total - first)
      // Rows beyond the last tile are computed from whatever is there and never read.
      let padded = (count + 7) / 8 * 8
      Workers.forRanges(count, grain: 4) { range in
        for tile in range {
          tiles.transformInput(x, tile: first + tile, zeros: zeros, v + tile * inputs, positionStride: group * inputs)
        }
      }
      for position in 0..<Winograd.positions where padded > count {
        (v + (position * group + count) * inputs).update(repeating: 0, count: (padded - count) * inputs)
      }
      Workers.forEach((outputs + 31) / 32) { index in
        let columns = index * 32..<min(outputs, index * 32 + 32)
        let width = columns.count
        withScratch(Winograd.positions * (inputs + padded) * width) { packed in
          packColumns(g, w, columns, 0..<inputs, packed, positionStride: inputs * width)
          let m = packed + Winograd.positions * inputs * width
          for position in 0..<Winograd.positions {
            let b = UnsafePointer(packed) + position * inputs * width
            var row = 0
            while row < padded {
              let a = UnsafePointer(v) + (position * group + row) * inputs
              let c = m + (position * padded + row) * width
              if width == 32 {
                tileProduct32(
                  depth: inputs, a, rowStep: inputs, termStep: 1, b, bStep: 32, c, cStep: 32, accumulate: false)
              } else {
                tileProduct16(
                  depth: inputs, a, rowStep: inputs, termStep: 1, b, bStep: 16, c, cStep: 16, accumulate: false)
              }
              row += 8
            }
          }
          for tile in 0..<count {
            tiles.transformOutput(m + tile * width, positionStride: padded * width, tile: first + tile, channels: columns, y)
          }
        }
      }
      first += count
    }
  }
}

/// `G w Gᵀ`, packed by position and blocks of 32 (last: 16) output channels: `[position][block][input][32]`.
private func packWinogradWeights(_ g: ConvolutionGeometry, _ w: Input, _ packed: Output) {
  let (inputs, outputs) = (g.inputChannels, g.outputChannels)
  Workers.forRanges(inputs, grain: max(1, threadingGrain / (9 * outputs))) { range in
    var column = 0
    while column < outputs {
      let columns = column..<min(outputs, column + 32)
      packColumns(g, w, columns, range, packed + column * inputs, positionStride: inputs * outputs)
      column += 32
    }
  }
}

/// `G w Gᵀ` of some output channels, 32 or 16, and some input channels: `[position][input][columns]`.
private func packColumns(
  _ g: ConvolutionGeometry, _ w: Input, _ columns: Range<Int>, _ rows: Range<Int>, _ packed: Output, positionStride: Int
) {
  let tap = g.inputChannels * g.outputChannels
  withUnsafeTemporaryAllocation(of: Lane.self, capacity: 18) { d in
    for input in rows {
      for lane in 0..<columns.count / 16 {
        let source = w + input * g.outputChannels + columns.lowerBound + lane * 16
        for j in 0..<3 {
          let r = Winograd.weight(source.lane(j * tap), source.lane((3 + j) * tap), source.lane((6 + j) * tap))
          (d[j], d[3 + j], d[6 + j], d[9 + j], d[12 + j], d[15 + j]) = r
        }
        let target = packed + input * columns.count + lane * 16
        for i in 0..<6 {
          let r = Winograd.weight(d[i * 3], d[i * 3 + 1], d[i * 3 + 2])
          target.store(r.0, (i * 6) * positionStride)
          target.store(r.1, (i * 6 + 1) * positionStride)
          target.store(r.2, (i * 6 + 2) * positionStride)
          target.store(r.3, (i * 6 + 3) * positionStride)
          target.store(r.4, (i * 6 + 4) * positionStride)
          target.store(r.5, (i * 6 + 5) * positionStride)
        }
      }
    }
  }
}

/// The adjoint of `winogradConvolution` in `x`: a convolution with the turned weights.
func winogradInputGradient(_ g: ConvolutionGeometry, samples: Int, _ dy: Input, _ w: Input, _ dx: Output) {
  let size = g.inputChannels * g.outputChannels
  withScratch(9 * size) { turned in
    Workers.forEach(9) { tap in
      turn(w + (8 - tap) * size, rows: g.inputChannels, columns: g.outputChannels, stride: g.outputChannels, turned + tap * size)
    }
    winogradConvolution(g.adjoint, samples: samples, dy, turned, dx)
  }
}
