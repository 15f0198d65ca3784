public import Sharding

/// The adjoint of `convolution` in `w`, summed over the batch: `dw` is `[nodeCount, kernelHeight, kernelWidth, inputChannels / groups,
/// outputChannels]`.
///
/// A part is a group, some taps and a block of input channels (all functions of the shape). For each leaf the taps' windows of its samples
/// are multiplied with `dy` sample by sample (for images below 256 pixels segment by segment); the leaves are added by `rows.steps`.
public func convolutionWeightGradient(_ g: ConvolutionGeometry, rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output) {
  if g.usesWinograd { return winogradWeightGradient(g, rows: rows, x, dy, dw) }
  if let narrow = NarrowWeightGradient(g) { return narrow.run(rows, x, dy, dw) }
  if g.isDepthwise { return DepthwiseWeightGradient(g).run(rows, x, dy, dw) }
  if g.multipliesPairs {
    ProductWeightGradient<BFloatPairs>(g, rows, x, dy).run(dw)
  } else {
    ProductWeightGradient<Floats>(g, rows, x, dy).run(dw)
  }
}

/// `convolutionWeightGradient` by products of matrices.
private struct ProductWeightGradient<Operands: ProductOperands> {
  private let g: ConvolutionGeometry
  private let rows: ShardRows
  private let x, dy: Input
  private let inputs, outputs, pixels: Int
  private let taps: [Tap]
  private let tapsPerPart, tapBlocks, channelsPerPart, channelBlocks: Int
  /// Lines of an image whose windows are multiplied at once.
  private let band: Int
  /// Windows that are multiplied at once, at most.
  private let matrixRows: Int

  init(_ g: ConvolutionGeometry, _ rows: ShardRows, _ x: Input, _ dy: Input) {
    (self.g, self.rows, self.x, self.dy) = (g, rows, x, dy)
    inputs = g.inputChannels / g.groups
    outputs = g.outputChannels / g.groups
    pixels = g.outputHeight * g.outputWidth
    taps = g.taps
    tapsPerPart = min(taps.count, max(1, 16 / inputs))
    tapBlocks = (taps.count + tapsPerPart - 1) / tapsPerPart
    channelsPerPart = min(inputs, 128)
    channelBlocks = (inputs + channelsPerPart - 1) / channelsPerPart
    band = min(g.outputHeight, max(1, 2048 / g.outputWidth))
    let longest = rows.segments.reduce(1) { $1.reduce($0) { max($0, $1.count) } }
    matrixRows = pixels < 256 ? pixels * longest : band * g.outputWidth
  }

  /// Some rows of the gradient: those of some taps and input channels.
  private struct Part {
    let group, firstTap, firstChannel: Int
    let windows: TapGather
  }

  private var parts: Int { g.groups * tapBlocks * channelBlocks }

  private func part(_ index: Int) -> Part {
    let firstTap = index / channelBlocks % tapBlocks * tapsPerPart
    let firstChannel = index % channelBlocks * channelsPerPart
    return Part(
      group: index / (tapBlocks * channelBlocks), firstTap: firstTap, firstChannel: firstChannel,
      windows: TapGather(
        height: g.height, width: g.width, imageChannels: g.inputChannels, step: g.stride,
        taps: Array(taps[firstTap..<min(taps.count, firstTap + tapsPerPart)]), rows: g.outputHeight, columns: g.outputWidth,
        channels: min(channelsPerPart, inputs - firstChannel)))
  }

  /// Numbers of the largest part.
  private var size: Int { tapsPerPart * channelsPerPart * outputs }
  /// Numbers that the products of one leaf need beside their sums: windows and packed cotangents.
  private var room: Int { matrixRows * tapsPerPart * channelsPerPart + PackedMatrix<Operands>.size(terms: 256, columns: outputs) }

  func run(_ dw: Output) {
    let leaves = rows.segments.count
    if parts >= 4 || leaves == 1 {
      return Workers.forEach(parts) { index in
        let part = part(index)
        withScratch(rows.stackHeight * size + room) { memory in
          foldTree(rows.steps, size: part.windows.depth * outputs, memory: memory) { leaf, sum in
            add(part, leaf, memory + rows.stackHeight * size, sum)
          } finish: { node, sum in
            write(part, sum, node, dw)
          }
        }
      }
    }
    // Where threads would find no work, each leaf is a task.
    withScratch((parts * leaves + rows.stackHeight) * size) { memory in
      Workers.forEach(parts * leaves) { task in
        withScratch(room) { add(part(task / leaves), task % leaves, $0, memory + task * size) }
      }
      for index in 0..<parts {
        let part = part(index)
        foldLeaves(
          rows, memory + index * leaves * size, step: size, size: part.windows.depth * outputs, memory: memory + parts * leaves * size
        ) { node, sum in write(part, sum, node, dw) }
      }
    }
  }

  private func write(_ part: Part, _ sum: Input, _ node: Int, _ dw: Output) {
    for row in 0..<part.windows.depth {
      let tap = part.firstTap + row / part.windows.channels
      let input = part.firstChannel + row % part.windows.channels
      let offset = node * g.weightSize + (tap * inputs + input) * g.outputChannels + part.group * outputs
      (dw + offset).update(from: sum + row * outputs, count: outputs)
    }
  }

  /// The sum over a leaf's samples.
  private func add(_ part: Part, _ leaf: Int, _ memory: Output, _ sum: Output) {
    let windows = part.windows
    let channel = part.group * inputs + part.firstChannel
    let (matrix, cotangents) = (memory, memory + matrixRows * windows.depth)
    var isEmpty = true
    func multiply(_ a: Input, _ lda: Int, firstPixel: Int, count: Int) {
      for first in stride(from: 0, to: count, by: 256) {
        let b = PackedMatrix<Operands>(terms: min(256, count - first), columns: outputs, memory: cotangents)
        b.pack(dy + (firstPixel + first) * g.outputChannels + part.group * outputs, step: g.outputChannels)
        b.product(rows: windows.depth, a + first * lda, rowStep: 1, termStep: lda, sum, cStep: outputs, accumulate: !isEmpty)
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
            x + sample * g.inputSize, channel: channel, rows: 0..<g.outputHeight, into: matrix + index * pixels * windows.depth)
        }
        multiply(matrix, windows.depth, firstPixel: segment.lowerBound * pixels, count: segment.count * pixels)
      } else {
        for sample in segment { addLargeImage(windows, x + sample * g.inputSize, channel, matrix, firstPixel: sample * pixels, multiply) }
      }
    }
    if isEmpty { sum.update(repeating: 0, count: windows.depth * outputs) }
  }

  /// An image of 256 pixels or more, band by band unless its pixels are windows as they are.
  private func addLargeImage(
    _ windows: TapGather, _ image: Input, _ channel: Int, _ matrix: Output, firstPixel: Int,
    _ multiply: (_ a: Input, _ lda: Int, _ firstPixel: Int, _ count: Int) -> Void
  ) {
    if windows.isIdentity { return multiply(image + channel, g.inputChannels, firstPixel, pixels) }
    for start in stride(from: 0, to: g.outputHeight, by: band) {
      let lines = start..<min(g.outputHeight, start + band)
      windows.gather(image, channel: channel, rows: lines, into: matrix)
      multiply(matrix, windows.depth, firstPixel + start * g.outputWidth, lines.count * g.outputWidth)
    }
  }
}
