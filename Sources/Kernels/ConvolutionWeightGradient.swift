public import Sharding

/// The adjoint of `convolution` in `w`, summed over the batch: `dw` is `[nodeCount, kernelHeight, kernelWidth, inputChannels / groups,
/// outputChannels]`.
///
/// A task is a group, some taps and a block of input channels (all functions of the shape). It reads the taps' windows of each leaf's
/// samples, multiplies them with `dy` sample by sample (for images below 256 pixels segment by segment), and adds the leaves by
/// `rows.steps`.
public func convolutionWeightGradient(_ g: ConvolutionGeometry, rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output) {
  if g.usesWinograd { return winogradWeightGradient(g, rows: rows, x, dy, dw) }
  if let narrow = NarrowWeightGradient(g) { return narrow.run(rows, x, dy, dw) }
  if g.multipliesPairs { sumProducts(g, BFloatPairs.self, rows, x, dy, dw) } else { sumProducts(g, Floats.self, rows, x, dy, dw) }
}

/// `convolutionWeightGradient` by products of matrices.
private func sumProducts<Operands: ProductOperands>(
  _ g: ConvolutionGeometry, _: Operands.Type, _ rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output
) {
  let inputs = g.inputChannels / g.groups
  let outputs = g.outputChannels / g.groups
  let pixels = g.outputHeight * g.outputWidth
  let taps = g.taps
  let tapsPerTask = min(taps.count, max(1, 16 / inputs))
  let tapBlocks = (taps.count + tapsPerTask - 1) / tapsPerTask
  let block = min(inputs, 128)
  let channelBlocks = (inputs + block - 1) / block
  // Lines of an image whose windows are multiplied at once.
  let band = min(g.outputHeight, max(1, 2048 / g.outputWidth))
  let longest = rows.segments.reduce(1) { $1.reduce($0) { max($0, $1.count) } }
  let matrixRows = pixels < 256 ? pixels * longest : band * g.outputWidth

  Workers.forEach(g.groups * tapBlocks * channelBlocks) { task in
    let group = task / (tapBlocks * channelBlocks)
    let firstTap = task / channelBlocks % tapBlocks * tapsPerTask
    let firstChannel = task % channelBlocks * block
    let windows = TapGather(
      height: g.height, width: g.width, imageChannels: g.inputChannels, step: g.stride,
      taps: Array(taps[firstTap..<min(taps.count, firstTap + tapsPerTask)]), rows: g.outputHeight, columns: g.outputWidth,
      channels: min(block, inputs - firstChannel))
    let channel = group * inputs + firstChannel
    let depth = windows.depth
    let size = depth * outputs
    withScratch(rows.stackHeight * size + matrixRows * depth + PackedMatrix<Operands>.size(terms: 256, columns: outputs)) { memory in
      let matrix = memory + rows.stackHeight * size
      let cotangents = matrix + matrixRows * depth
      foldTree(rows.steps, size: size, memory: memory) { leaf, partial in
        var isEmpty = true
        func multiply(_ a: Input, _ lda: Int, firstPixel: Int, count: Int) {
          for first in stride(from: 0, to: count, by: 256) {
            let b = PackedMatrix<Operands>(terms: min(256, count - first), columns: outputs, memory: cotangents)
            b.pack(dy + (firstPixel + first) * g.outputChannels + group * outputs, step: g.outputChannels)
            b.product(rows: depth, a + first * lda, rowStep: 1, termStep: lda, partial, cStep: outputs, accumulate: !isEmpty)
            isEmpty = false
          }
        }
        for segment in rows.segments[leaf] where !segment.isEmpty {
          if windows.isIdentity && pixels < 256 && g.outputHeight == g.height {
            multiply(
              x + segment.lowerBound * g.inputSize + channel, g.inputChannels, firstPixel: segment.lowerBound * pixels,
              count: segment.count * pixels)
          } else if pixels < 256 {
            for (index, sample) in segment.enumerated() {
              windows.gather(
                x + sample * g.inputSize, channel: channel, rows: 0..<g.outputHeight, into: matrix + index * pixels * depth)
            }
            multiply(matrix, depth, firstPixel: segment.lowerBound * pixels, count: segment.count * pixels)
          } else {
            for sample in segment {
              let image = x + sample * g.inputSize
              if windows.isIdentity {
                multiply(image + channel, g.inputChannels, firstPixel: sample * pixels, count: pixels)
                continue
              }
              var start = 0
              while start < g.outputHeight {
                let lines = start..<min(g.outputHeight, start + band)
                windows.gather(image, channel: channel, rows: lines, into: matrix)
                multiply(
                  matrix, depth, firstPixel: sample * pixels + start * g.outputWidth, count: lines.count * g.outputWidth)
                start += band
              }
            }
          }
        }
        if isEmpty { partial.update(repeating: 0, count: size) }
      } finish: { node, sum in
        for row in 0..<depth {
          let tap = firstTap + row / windows.channels
          let input = firstChannel + row % windows.channels
          let offset = node * g.weightSize + (tap * inputs + input) * g.outputChannels + group * outputs
          (dw + offset).update(from: sum + row * outputs, count: outputs)
        }
      }
    }
  }
}
