import Kernels
import Sharding
import Testing

/// Convolutions by matrix products, against loops in Double, over kernels, strides, pads and groups.
@Suite struct ConvolutionTests {
  static func geometry(
    _ height: Int, _ width: Int, _ inputs: Int, _ outputs: Int, _ kernel: (Int, Int), _ stride: Int, _ pads: (Int, Int, Int, Int),
    groups: Int = 1
  ) -> ConvolutionGeometry {
    ConvolutionGeometry(
      height: height, width: width, inputChannels: inputs, outputChannels: outputs, kernelHeight: kernel.0, kernelWidth: kernel.1,
      stride: stride, padTop: pads.0, padLeft: pads.1, padBottom: pads.2, padRight: pads.3, groups: groups)
  }

  static let geometries = [
    geometry(5, 7, 3, 5, (1, 1), 1, (0, 0, 0, 0)), geometry(4, 4, 3, 2, (1, 1), 1, (0, 0, 1, 0)),
    geometry(5, 4, 1, 7, (3, 3), 1, (1, 1, 1, 1)), geometry(8, 8, 3, 6, (4, 4), 2, (1, 1, 1, 1)),
    geometry(8, 6, 2, 5, (5, 5), 2, (1, 1, 2, 2)), geometry(9, 9, 3, 4, (7, 7), 1, (3, 3, 3, 3)),
    geometry(6, 7, 2, 3, (3, 3), 2, (0, 0, 0, 0)), geometry(6, 5, 4, 6, (3, 3), 1, (1, 1, 1, 1), groups: 2),
    geometry(4, 6, 2, 3, (3, 2), 1, (2, 0, 1, 1)), geometry(20, 20, 5, 9, (3, 3), 1, (1, 1, 1, 1)),
    geometry(17, 19, 33, 3, (3, 3), 1, (1, 1, 1, 1)), geometry(10, 10, 3, 33, (3, 3), 3, (1, 0, 0, 1)),
  ]

  /// Calls `term(y, x, w)` with the flat indices of every product.
  static func products(_ g: ConvolutionGeometry, samples: Int, _ term: (Int, Int, Int) -> Void) {
    let (inputs, outputs) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
    for n in 0..<samples {
      for i in 0..<g.outputHeight {
        for j in 0..<g.outputWidth {
          for a in 0..<g.kernelHeight {
            for b in 0..<g.kernelWidth {
              let (row, column) = (i * g.stride + a - g.padTop, j * g.stride + b - g.padLeft)
              guard row >= 0, row < g.height, column >= 0, column < g.width else { continue }
              for k in 0..<g.outputChannels {
                for c in 0..<inputs {
                  term(
                    ((n * g.outputHeight + i) * g.outputWidth + j) * g.outputChannels + k,
                    ((n * g.height + row) * g.width + column) * g.inputChannels + k / outputs * inputs + c,
                    ((a * g.kernelWidth + b) * inputs + c) * g.outputChannels + k)
                }
              }
            }
          }
        }
      }
    }
  }

  static let samples = 3

  static func operands(_ g: ConvolutionGeometry) -> (x: [Float], w: [Float], dy: [Float]) {
    (
      WinogradTests.drawn(samples * g.height * g.width * g.inputChannels, 1),
      WinogradTests.drawn(g.kernelHeight * g.kernelWidth * g.inputChannels / g.groups * g.outputChannels, 2),
      WinogradTests.drawn(samples * g.outputHeight * g.outputWidth * g.outputChannels, 3)
    )
  }

  @Test(arguments: geometries) func `all three passes agree with loops in Double`(g: ConvolutionGeometry) {
    let (x, w, dy) = Self.operands(g)
    var (y64, dx64) = ([Double](repeating: 0, count: dy.count), [Double](repeating: 0, count: x.count))
    var dw64 = [Double](repeating: 0, count: w.count)
    Self.products(g, samples: Self.samples) { yi, xi, wi in
      y64[yi] += Double(x[xi]) * Double(w[wi])
      dx64[xi] += Double(dy[yi]) * Double(w[wi])
      dw64[wi] += Double(x[xi]) * Double(dy[yi])
    }
    var (y, dx) = ([Float](repeating: .nan, count: dy.count), [Float](repeating: .nan, count: x.count))
    var dw = [Float](repeating: .nan, count: w.count)
    unsafe convolution(g, samples: Self.samples, x, w, &y)
    unsafe convolutionInputGradient(g, samples: Self.samples, dy, w, &dx)
    // Two leaves, one of them in two segments.
    let rows = ShardRows(segments: [[1..<2], [0..<1, 2..<3]], tree: ShardTree(shardCount: 2), owned: 0..<2)
    unsafe convolutionWeightGradient(g, rows: rows, x, dy, &dw)
    // Sums of up to 297 products in Float: 1e-6 leaves a factor of four.
    #expect(WinogradTests.error(y, y64) < 1e-6)
    #expect(WinogradTests.error(dx, dx64) < 1e-6)
    #expect(WinogradTests.error(dw, dw64) < 1e-6)
  }

  @Test(arguments: geometries) func `a sample's bits do not depend on the batch it comes in`(g: ConvolutionGeometry) {
    let (x, w, dy) = Self.operands(g)
    let (inputSize, outputSize) = (x.count / Self.samples, dy.count / Self.samples)
    var (y, dx) = ([Float](repeating: 0, count: dy.count), [Float](repeating: 0, count: x.count))
    unsafe convolution(g, samples: Self.samples, x, w, &y)
    unsafe convolutionInputGradient(g, samples: Self.samples, dy, w, &dx)
    for sample in 0..<Self.samples {
      let (inputs, outputs) = ((sample * inputSize)..<((sample + 1) * inputSize), (sample * outputSize)..<((sample + 1) * outputSize))
      var (yAlone, dxAlone) = ([Float](repeating: 0, count: outputSize), [Float](repeating: 0, count: inputSize))
      unsafe convolution(g, samples: 1, Array(x[inputs]), w, &yAlone)
      unsafe convolutionInputGradient(g, samples: 1, Array(dy[outputs]), w, &dxAlone)
      #expect(yAlone == Array(y[outputs]) && dxAlone == Array(dx[inputs]), "sample \(sample)")
    }
  }
}
