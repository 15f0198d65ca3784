import Kernels
import Sharding
import Testing

private let geometries: [ConvolutionGeometry] = [
  .init(height: 9, width: 7, inputChannels: 5, outputChannels: 6, kernelHeight: 1, kernelWidth: 1),
  .init(height: 9, width: 8, inputChannels: 3, outputChannels: 4, kernelHeight: 1, kernelWidth: 1, stride: 2),
  .init(
    height: 8, width: 11, inputChannels: 3, outputChannels: 17, kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1,
    padRight: 1),
  .init(
    height: 20, width: 17, inputChannels: 19, outputChannels: 1, kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1,
    padRight: 1),
  .init(height: 7, width: 6, inputChannels: 1, outputChannels: 2, kernelHeight: 3, kernelWidth: 3, stride: 2),
  .init(
    height: 12, width: 10, inputChannels: 6, outputChannels: 5, kernelHeight: 4, kernelWidth: 4, stride: 2, padTop: 1, padLeft: 1,
    padBottom: 1, padRight: 1),
  .init(
    height: 36, width: 34, inputChannels: 4, outputChannels: 7, kernelHeight: 4, kernelWidth: 4, stride: 2, padTop: 1, padLeft: 1,
    padBottom: 1, padRight: 1),
  .init(
    height: 11, width: 13, inputChannels: 3, outputChannels: 4, kernelHeight: 5, kernelWidth: 5, stride: 2, padTop: 2, padLeft: 1,
    padBottom: 2, padRight: 2),
  .init(
    height: 18, width: 17, inputChannels: 2, outputChannels: 3, kernelHeight: 7, kernelWidth: 7, padTop: 3, padLeft: 3, padBottom: 3,
    padRight: 3),
  .init(
    height: 6, width: 9, inputChannels: 8, outputChannels: 12, kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1,
    padRight: 1, groups: 4),
  .init(
    height: 17, width: 16, inputChannels: 6, outputChannels: 6, kernelHeight: 3, kernelWidth: 3, stride: 2, padTop: 1, padLeft: 1,
    padBottom: 1, padRight: 1, groups: 6),
  .init(
    height: 5, width: 6, inputChannels: 2, outputChannels: 3, kernelHeight: 3, kernelWidth: 2, padTop: 0, padLeft: 1, padBottom: 2,
    padRight: 0),
  .init(
    height: 9, width: 11, inputChannels: 3, outputChannels: 32, kernelHeight: 4, kernelWidth: 4, stride: 2, padTop: 1, padLeft: 1,
    padBottom: 1, padRight: 1),
  .init(
    height: 9, width: 7, inputChannels: 48, outputChannels: 3, kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1,
    padRight: 1),
  .init(height: 6, width: 5, inputChannels: 2, outputChannels: 80, kernelHeight: 3, kernelWidth: 2, padTop: 2, padRight: 1),
  .init(height: 6, width: 5, inputChannels: 16, outputChannels: 1, kernelHeight: 2, kernelWidth: 3, padTop: 3, padLeft: 1),
  .init(height: 16, width: 16, inputChannels: 140, outputChannels: 20, kernelHeight: 1, kernelWidth: 1),
  .init(
    height: 4, width: 4, inputChannels: 150, outputChannels: 18, kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1,
    padRight: 1),
  .init(height: 4, width: 4, inputChannels: 9, outputChannels: 1, kernelHeight: 4, kernelWidth: 4),
  .init(height: 7, width: 7, inputChannels: 2, outputChannels: 3, kernelHeight: 2, kernelWidth: 2, stride: 3),
  .init(height: 4, width: 4, inputChannels: 3, outputChannels: 2, kernelHeight: 1, kernelWidth: 1, padBottom: 1),
  .init(height: 10, width: 10, inputChannels: 3, outputChannels: 33, kernelHeight: 3, kernelWidth: 3, stride: 3, padTop: 1, padRight: 1),
  .init(
    height: 17, width: 19, inputChannels: 33, outputChannels: 3, kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1,
    padRight: 1),
  .init(
    height: 12, width: 11, inputChannels: 3, outputChannels: 4, kernelHeight: 5, kernelWidth: 5, stride: 2, padTop: 1, padLeft: 1,
    padBottom: 2, padRight: 2),
  .init(
    height: 8, width: 7, inputChannels: 6, outputChannels: 10, kernelHeight: 3, kernelWidth: 3, stride: 2, padTop: 1, padLeft: 1,
    padBottom: 1, padRight: 1, groups: 2),
  .init(height: 17, width: 18, inputChannels: 4, outputChannels: 6, kernelHeight: 1, kernelWidth: 1, groups: 2),
  .init(height: 5, width: 4, inputChannels: 2, outputChannels: 3, kernelHeight: 1, kernelWidth: 1, padTop: 1, padLeft: 1, padRight: 1),
  // Up to four channels on one side, directly: forward, input gradient, with steps, on narrow images.
  .init(
    height: 9, width: 11, inputChannels: 32, outputChannels: 3, kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1,
    padRight: 1),
  .init(
    height: 10, width: 12, inputChannels: 3, outputChannels: 48, kernelHeight: 4, kernelWidth: 4, stride: 2, padTop: 1, padLeft: 1,
    padBottom: 1, padRight: 1),
  .init(
    height: 7, width: 13, inputChannels: 16, outputChannels: 4, kernelHeight: 5, kernelWidth: 3, stride: 2, padTop: 2, padLeft: 0,
    padBottom: 1, padRight: 2),
  .init(height: 5, width: 3, inputChannels: 64, outputChannels: 1, kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, padRight: 1),
  .init(height: 6, width: 9, inputChannels: 16, outputChannels: 2, kernelHeight: 1, kernelWidth: 1),
  // The same with pixels that no window reads, with a kernel of three steps, one of five pixels, and more columns than are taken at once.
  .init(
    height: 13, width: 15, inputChannels: 3, outputChannels: 16, kernelHeight: 4, kernelWidth: 4, stride: 2, padTop: 1, padLeft: 1,
    padBottom: 1, padRight: 1),
  .init(height: 14, width: 17, inputChannels: 4, outputChannels: 32, kernelHeight: 6, kernelWidth: 6, stride: 2, padTop: 2, padLeft: 3),
  .init(
    height: 12, width: 26, inputChannels: 20, outputChannels: 4, kernelHeight: 5, kernelWidth: 5, padTop: 2, padLeft: 4, padBottom: 0,
    padRight: 1),
  .init(
    height: 6, width: 19, inputChannels: 1, outputChannels: 144, kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1,
    padRight: 1),
  // Each channel with its own kernel: rows of more than eight pixels and of fewer, lanes that overlap, several bands, phases without taps,
  // rows that no tap reaches, more weights than are summed at once.
  depthwise(height: 17, width: 19, channels: 32, kernel: 3, pad: 1),
  depthwise(height: 12, width: 9, channels: 16, kernel: 3, pad: 1),
  depthwise(height: 16, width: 27, channels: 37, kernel: 4, stride: 2, pad: 1),
  depthwise(height: 20, width: 23, channels: 130, kernel: 5, pad: 2),
  depthwise(height: 39, width: 40, channels: 150, kernel: 3, stride: 2, pad: 1),
  depthwise(height: 11, width: 13, channels: 17, kernel: 2, stride: 3, pad: 0),
  depthwise(height: 5, width: 4, channels: 79, kernel: 3, pad: 4),
  depthwise(height: 10, width: 21, channels: 64, kernel: 1, pad: 0),
  .init(
    height: 9, width: 14, inputChannels: 21, outputChannels: 21, kernelHeight: 3, kernelWidth: 5, padTop: 0, padLeft: 3, padBottom: 2,
    padRight: 1, groups: 21),
  // These take Winograd's way.
  .init(
    height: 9, width: 10, inputChannels: 16, outputChannels: 48, kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1,
    padRight: 1),
  .init(height: 8, width: 9, inputChannels: 32, outputChannels: 16, kernelHeight: 3, kernelWidth: 3, padTop: 0, padLeft: 2, padBottom: 1),
  .init(
    height: 17, width: 18, inputChannels: 16, outputChannels: 48, kernelHeight: 4, kernelWidth: 4, stride: 2, padTop: 1, padLeft: 1,
    padBottom: 1, padRight: 1),
]

private func depthwise(height: Int, width: Int, channels: Int, kernel: Int, stride: Int = 1, pad: Int) -> ConvolutionGeometry {
  .init(
    height: height, width: width, inputChannels: channels, outputChannels: channels, kernelHeight: kernel, kernelWidth: kernel,
    stride: stride, padTop: pad, padLeft: pad, padBottom: pad, padRight: pad, groups: channels)
}

/// All triples of a convolution: `body(x index, w index, y index)`.
private func forTerms(_ g: ConvolutionGeometry, samples: Int, _ body: (Int, Int, Int) -> Void) {
  let (inputs, outputs) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
  for n in 0..<samples {
    for oy in 0..<g.outputHeight {
      for ox in 0..<g.outputWidth {
        for ky in 0..<g.kernelHeight {
          for kx in 0..<g.kernelWidth {
            let (iy, ix) = (oy * g.stride + ky - g.padTop, ox * g.stride + kx - g.padLeft)
            guard iy >= 0, iy < g.height, ix >= 0, ix < g.width else { continue }
            for co in 0..<g.outputChannels {
              for ci in 0..<inputs {
                body(
                  ((n * g.height + iy) * g.width + ix) * g.inputChannels + co / outputs * inputs + ci,
                  ((ky * g.kernelWidth + kx) * inputs + ci) * g.outputChannels + co,
                  ((n * g.outputHeight + oy) * g.outputWidth + ox) * g.outputChannels + co)
              }
            }
          }
        }
      }
    }
  }
}

private struct Case {
  let g: ConvolutionGeometry
  let x: [Float], w: [Float], dy: [Float]
  let inputSize: Int, outputSize: Int, weightSize: Int

  init(_ g: ConvolutionGeometry, samples count: Int) {
    self.g = g
    inputSize = g.height * g.width * g.inputChannels
    outputSize = g.outputHeight * g.outputWidth * g.outputChannels
    weightSize = g.kernelHeight * g.kernelWidth * g.inputChannels / g.groups * g.outputChannels
    x = samples(count * inputSize, seed: 1)
    w = samples(weightSize, seed: 2)
    dy = samples(count * outputSize, seed: 3)
  }

  func forward(_ samples: Range<Int>) -> [Float] {
    output(samples.count * outputSize) { y in
      unsafe x.withUnsafeBufferPointer {
        unsafe convolution(g, samples: samples.count, $0.baseAddress! + samples.lowerBound * inputSize, w, y)
      }
    }
  }

  func inputGradient(_ samples: Range<Int>) -> [Float] {
    output(samples.count * inputSize) { dx in
      unsafe dy.withUnsafeBufferPointer {
        unsafe convolutionInputGradient(g, samples: samples.count, $0.baseAddress! + samples.lowerBound * outputSize, w, dx)
      }
    }
  }

  func weightGradient(_ rows: ShardRows, first: Int = 0) -> [Float] {
    output(rows.nodeCount * weightSize) { dw in
      unsafe x.withUnsafeBufferPointer { xs in
        unsafe dy.withUnsafeBufferPointer { dys in
          unsafe convolutionWeightGradient(g, rows: rows, xs.baseAddress! + first * inputSize, dys.baseAddress! + first * outputSize, dw)
        }
      }
    }
  }
}

@Test(arguments: geometries) func `convolution and both gradients equal naive loops`(_ g: ConvolutionGeometry) {
  let batch = 3
  let c = Case(g, samples: batch)
  var y = [Double](repeating: 0, count: batch * c.outputSize)
  var dx = [Double](repeating: 0, count: batch * c.inputSize)
  var dw = [Double](repeating: 0, count: c.weightSize)
  forTerms(g, samples: batch) { i, j, k in
    y[k] += Double(c.x[i]) * Double(c.w[j])
    dx[i] += Double(c.w[j]) * Double(c.dy[k])
    dw[j] += Double(c.x[i]) * Double(c.dy[k])
  }
  expectClose(c.forward(0..<batch), y, "forward \(g)")
  expectClose(c.inputGradient(0..<batch), dx, "input gradient \(g)")
  let whole = ShardRows(segments: [[0..<1], [1..<3]], tree: ShardTree(shardCount: 2), owned: 0..<2)
  expectClose(c.weightGradient(whole), dw, "weight gradient \(g)")
  // A leaf with two segments, as after the concatenation of real and fake samples.
  let split = ShardRows(segments: [[0..<1, 2..<3], [1..<2]], tree: ShardTree(shardCount: 2), owned: 0..<2)
  expectClose(c.weightGradient(split), dw, "weight gradient with two segments \(g)")
}

@Test(arguments: geometries) func `convolution and its gradients are adjoint`(_ g: ConvolutionGeometry) {
  let c = Case(g, samples: 1)
  func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
  let rows = ShardRows(segments: [[0..<1]], tree: ShardTree(shardCount: 1), owned: 0..<1)
  let forward = dot(c.forward(0..<1), c.dy)
  let scale = c.forward(0..<1).reduce(1) { $0 + Double(abs($1)) }
  #expect(abs(forward - dot(c.x, c.inputGradient(0..<1))) < 1e-5 * scale)
  #expect(abs(forward - dot(c.w, c.weightGradient(rows))) < 1e-5 * scale)
}

@Test(arguments: geometries) func `a sample's bits do not depend on the batch around it`(_ g: ConvolutionGeometry) {
  let c = Case(g, samples: 8)
  let forward = c.forward(0..<8)
  let gradient = c.inputGradient(0..<8)
  for size in [1, 3] {
    for first in stride(from: 0, to: 8, by: size) {
      let range = first..<min(8, first + size)
      expectSame(c.forward(range), Array(forward[range.lowerBound * c.outputSize..<range.upperBound * c.outputSize]))
      expectSame(c.inputGradient(range), Array(gradient[range.lowerBound * c.inputSize..<range.upperBound * c.inputSize]))
    }
  }
}

@Test(arguments: geometries) func `weight gradients of all ranks add up to the same bits on any number of ranks`(_ g: ConvolutionGeometry) {
  let c = Case(g, samples: 7)
  let sums = [1, 2, 3, 5].map { ranks in
    root(
      rankRows(batch: 7, shards: 5, ranks: ranks).map { (c.weightGradient($0.rows, first: $0.first), $0.nodes) }, shards: 5,
      size: c.weightSize)
  }
  for sum in sums.dropFirst() { expectSame(sum, sums[0]) }
}

@Test(arguments: geometries) func `weight gradients of two batches have the same bits on any number of ranks`(_ g: ConvolutionGeometry) {
  let (batch, shards) = (5, 3)
  let c = Case(g, samples: 2 * batch)
  let (x, dy) = (halves(c.x), halves(c.dy))
  let found = (1...shards).map { ranks in
    root(
      concatenatedRankRows(batch: batch, shards: shards, ranks: ranks).map { part in
        let dw = output(part.rows.nodeCount * c.weightSize) {
          unsafe convolutionWeightGradient(
            g, rows: part.rows, gathered(x.0, x.1, part, c.inputSize), gathered(dy.0, dy.1, part, c.outputSize), $0)
        }
        return (dw, part.nodes)
      }, shards: shards, size: c.weightSize)
  }
  let whole = ShardRows(segments: [[0..<2 * batch]], tree: ShardTree(shardCount: 1), owned: 0..<1)
  expectClose(found[0], c.weightGradient(whole).map(Double.init), "two batches and one of both")
  for sum in found.dropFirst() { expectSame(sum, found[0]) }
}

private func halves(_ x: [Float]) -> ([Float], [Float]) { (Array(x[..<(x.count / 2)]), Array(x[(x.count / 2)...])) }

@Test(arguments: geometries) func `a leaf without samples has weight gradient zero`(_ g: ConvolutionGeometry) {
  // The last leaf's place on the stack held another leaf's sum before: what is not written shows.
  let c = Case(g, samples: 2)
  let full = c.weightGradient(ShardRows(segments: [[0..<1], [1..<2]], tree: ShardTree(shardCount: 2), owned: 0..<2))
  let found = c.weightGradient(ShardRows(segments: [[0..<1], [0..<0, 1..<2], []], tree: ShardTree(shardCount: 4), owned: 0..<3))
  expectSame(found, full + [Float](repeating: 0, count: c.weightSize))
}

extension ThreadCounts {
  @Test(arguments: geometries) func `convolution gives the same bits on any number of threads`(_ g: ConvolutionGeometry) {
    let c = Case(g, samples: 5)
    let rows = rankRows(batch: 5, shards: 3, ranks: 1)[0].rows
    expectSameBitsOnAnyThreads("forward") { c.forward(0..<5) }
    expectSameBitsOnAnyThreads("forward, one sample") { c.forward(0..<1) }
    expectSameBitsOnAnyThreads("input gradient") { c.inputGradient(0..<5) }
    expectSameBitsOnAnyThreads("weight gradient") { c.weightGradient(rows) }
  }
}
