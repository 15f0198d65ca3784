import Kernels
import Sharding
import Testing

/// Weight gradients by Winograd's algorithm: leaves of one tile, of some and of many, in one run of tiles and in several.
@Suite struct WeightGradientTests {
  struct Batch: CustomTestStringConvertible {
    var height: Int
    var width: Int
    var inputs: Int
    var outputs: Int
    var stride = 1
    /// Samples of each leaf.
    var leaves: [Int]
    var testDescription: String { "\(height)x\(width), \(inputs) to \(outputs), stride \(stride), leaves of \(leaves)" }

    var geometry: ConvolutionGeometry {
      WinogradTests.Shape(height: height, width: width, inputs: inputs, outputs: outputs, stride: stride).geometry
    }
    var samples: Int { leaves.reduce(0, +) }
    var rows: ShardRows {
      var segments: [[Range<Int>]] = []
      var first = 0
      for count in leaves {
        segments.append([first..<(first + count)])
        first += count
      }
      return ShardRows(segments: segments, tree: ShardTree(shardCount: leaves.count), owned: leaves.indices)
    }
  }

  @Test(arguments: [
    // One tile a sample: leaves that go by lines, beside one that goes by tiles and one without samples.
    Batch(height: 4, width: 4, inputs: 32, outputs: 48, leaves: [1, 2, 3, 0]),
    Batch(height: 4, width: 7, inputs: 16, outputs: 32, leaves: [1, 1]),
    Batch(height: 8, width: 8, inputs: 16, outputs: 48, stride: 2, leaves: [1, 2, 3, 4]),
    Batch(height: 9, width: 11, inputs: 32, outputs: 16, stride: 2, leaves: [3, 5]),
    // Leaves of both kinds, and several runs: 30 and 25 tiles a sample.
    Batch(height: 18, width: 24, inputs: 16, outputs: 32, leaves: [5, 1, 2]),
    Batch(height: 38, width: 40, inputs: 16, outputs: 16, stride: 2, leaves: [4, 1]),
    // All leaves of many tiles, in several blocks of channels, of which some reach over two sources.
    Batch(height: 29, width: 33, inputs: 272, outputs: 32, leaves: [1, 2]),
    Batch(height: 34, width: 36, inputs: 80, outputs: 288, stride: 2, leaves: [4, 3]),
    // Few tiles, in several blocks of channels.
    Batch(height: 4, width: 4, inputs: 208, outputs: 336, leaves: [2, 4]),
    Batch(height: 8, width: 8, inputs: 80, outputs: 144, stride: 2, leaves: [1, 4]),
  ])
  func `leaves of few and of many tiles agree with loops in Double`(batch: Batch) {
    let (g, samples) = (batch.geometry, batch.samples)
    let x = WinogradTests.drawn(samples * g.height * g.width * g.inputChannels, 1)
    let dy = WinogradTests.drawn(samples * g.outputHeight * g.outputWidth * g.outputChannels, 2)
    let size = g.kernelHeight * g.kernelWidth * g.inputChannels * g.outputChannels
    var expected = [Double](repeating: 0, count: size)
    WinogradTests.products(g, samples: samples) { y, xi, w in expected[w] += Double(x[xi]) * Double(dy[y]) }
    let found = output(batch.rows.nodeCount * size) { unsafe convolutionWeightGradient(g, rows: batch.rows, x, dy, $0) }
    #expect(found.count == size && WinogradTests.error(found, expected) < (batch.stride == 1 ? 4e-6 : 2e-6))
  }

  // With several blocks for each thread and with too few, so that leaves are summed at once or apart.
  @Test(arguments: [
    Batch(height: 4, width: 4, inputs: 16, outputs: 32, leaves: []), Batch(height: 4, width: 4, inputs: 384, outputs: 528, leaves: []),
    Batch(height: 20, width: 24, inputs: 16, outputs: 16, leaves: []), Batch(height: 10, width: 8, inputs: 256, outputs: 272, leaves: []),
    Batch(height: 8, width: 8, inputs: 192, outputs: 160, stride: 2, leaves: []),
    Batch(height: 24, width: 20, inputs: 32, outputs: 32, stride: 2, leaves: []),
    Batch(height: 36, width: 36, inputs: 32, outputs: 48, leaves: []),
    Batch(height: 34, width: 36, inputs: 48, outputs: 80, stride: 2, leaves: []),
    Batch(height: 66, width: 66, inputs: 272, outputs: 272, stride: 2, leaves: []),
  ])
  func `any number of ranks finds the same bits`(shape: Batch) {
    let (g, batch, shards) = (shape.geometry, 9, 4)
    let (inputSize, outputSize) = (g.height * g.width * g.inputChannels, g.outputHeight * g.outputWidth * g.outputChannels)
    let size = g.kernelHeight * g.kernelWidth * g.inputChannels * g.outputChannels
    let (x, dy) = (WinogradTests.drawn(batch * inputSize, 3), WinogradTests.drawn(batch * outputSize, 4))
    let sums = [1, 2, 4].map { ranks in
      root(
        rankRows(batch: batch, shards: shards, ranks: ranks).map { part in
          let (first, end) = (part.first, part.first + part.rows.rowCount)
          let dw = output(part.rows.nodeCount * size) {
            unsafe convolutionWeightGradient(
              g, rows: part.rows, Array(x[(first * inputSize)..<(end * inputSize)]), Array(dy[(first * outputSize)..<(end * outputSize)]),
              $0)
          }
          return (dw, part.nodes)
        }, shards: shards, size: size)
    }
    for sum in sums.dropFirst() { expectSame(sum, sums[0]) }
  }
}
