import Foundation
import Kernels
import Sharding
import Testing

/// Convolutions that Winograd's algorithm computes, against loops in Double.
@Suite struct WinogradTests {
  struct Shape: CustomTestStringConvertible {
    var samples = 3
    var height: Int
    var width: Int
    var inputs: Int
    var outputs: Int
    var pads = (1, 1, 1, 1)
    /// 1: 3x3 kernels; 2: 4x4 kernels.
    var stride = 1
    var testDescription: String { "\(samples)x\(height)x\(width), \(inputs) to \(outputs), stride \(stride), pads \(pads)" }

    var geometry: ConvolutionGeometry {
      ConvolutionGeometry(
        height: height, width: width, inputChannels: inputs, outputChannels: outputs, kernelHeight: stride + 2, kernelWidth: stride + 2,
        stride: stride, padTop: pads.0, padLeft: pads.1, padBottom: pads.2, padRight: pads.3)
    }
  }

  static let shapes = [
    Shape(height: 4, width: 4, inputs: 16, outputs: 16), Shape(height: 8, width: 8, inputs: 32, outputs: 48),
    Shape(height: 7, width: 9, inputs: 16, outputs: 64), Shape(height: 13, width: 6, inputs: 80, outputs: 32),
    Shape(height: 9, width: 10, inputs: 32, outputs: 32, pads: (0, 2, 1, 0)),
    // Several blocks of channels in the weight gradient; weights beyond the cache, with a last block of 16 columns.
    Shape(samples: 2, height: 5, width: 5, inputs: 80, outputs: 160), Shape(samples: 2, height: 4, width: 6, inputs: 560, outputs: 496),
    // Images of even and odd sizes; without, with uneven and with the most padding.
    Shape(height: 8, width: 8, inputs: 16, outputs: 16, stride: 2), Shape(height: 16, width: 18, inputs: 32, outputs: 48, stride: 2),
    Shape(samples: 1, height: 17, width: 19, inputs: 48, outputs: 16, stride: 2),
    Shape(samples: 1, height: 23, width: 10, inputs: 16, outputs: 144, stride: 2),
    Shape(height: 19, width: 16, inputs: 16, outputs: 32, pads: (0, 2, 1, 0), stride: 2),
    Shape(height: 18, width: 20, inputs: 16, outputs: 16, pads: (3, 0, 2, 3), stride: 2),
    Shape(samples: 2, height: 16, width: 16, inputs: 144, outputs: 48, stride: 2),
    // Weights beyond the cache, also with a last block of 16 columns.
    Shape(samples: 2, height: 8, width: 12, inputs: 320, outputs: 336, stride: 2),
    // Each source in a pass of its own.
    Shape(samples: 1, height: 12, width: 18, inputs: 208, outputs: 224, stride: 2),
  ]

  static func drawn(_ count: Int, _ seed: Int) -> [Float] {
    (0..<count).map { index in
      let mixed = UInt64(seed &* 7919 &+ index &+ 1) &* 0x9e37_79b9_7f4a_7c15
      return Float(Int64(bitPattern: mixed ^ (mixed >> 29)) >> 40) / 8_388_608
    }
  }

  /// Calls `term(y, x, w)` with the flat indices of every product of the convolution.
  static func products(_ g: ConvolutionGeometry, samples: Int, _ term: (Int, Int, Int) -> Void) {
    for n in 0..<samples {
      for i in 0..<g.outputHeight {
        for j in 0..<g.outputWidth {
          for a in 0..<g.kernelHeight {
            for b in 0..<g.kernelWidth {
              let (row, column) = (i * g.stride + a - g.padTop, j * g.stride + b - g.padLeft)
              guard row >= 0, row < g.height, column >= 0, column < g.width else { continue }
              for c in 0..<g.inputChannels {
                for k in 0..<g.outputChannels {
                  term(
                    ((n * g.outputHeight + i) * g.outputWidth + j) * g.outputChannels + k,
                    ((n * g.height + row) * g.width + column) * g.inputChannels + c,
                    ((a * g.kernelWidth + b) * g.inputChannels + c) * g.outputChannels + k)
                }
              }
            }
          }
        }
      }
    }
  }

  /// Root of the mean squared difference over that of the expected values. With the points used it is
  /// 2e-7 to 2.4e-6, with ±1 and ±2 up to 7e-6; for 4x4 kernels of stride 2 below 2e-6.
  static func error(_ found: [Float], _ expected: [Double]) -> Double {
    var (difference, size) = (0.0, 0.0)
    for (f, e) in zip(found, expected) {
      difference += (Double(f) - e) * (Double(f) - e)
      size += e * e
    }
    return (difference / size).squareRoot()
  }

  @Test(arguments: shapes) func `all three passes agree with loops in Double`(shape: Shape) {
    let (g, samples) = (shape.geometry, shape.samples)
    #expect(g.usesWinograd)
    let x = Self.drawn(samples * g.height * g.width * g.inputChannels, 1)
    let w = Self.drawn(g.kernelHeight * g.kernelWidth * g.inputChannels * g.outputChannels, 2)
    let dy = Self.drawn(samples * g.outputHeight * g.outputWidth * g.outputChannels, 3)
    var (y64, dx64, dw64) = (
      [Double](repeating: 0, count: dy.count), [Double](repeating: 0, count: x.count), [Double](repeating: 0, count: w.count)
    )
    Self.products(g, samples: samples) { yi, xi, wi in
      y64[yi] += Double(x[xi]) * Double(w[wi])
      dx64[xi] += Double(dy[yi]) * Double(w[wi])
      dw64[wi] += Double(x[xi]) * Double(dy[yi])
    }
    var (y, dx, dw) = (
      [Float](repeating: .nan, count: dy.count), [Float](repeating: .nan, count: x.count), [Float](repeating: .nan, count: w.count)
    )
    unsafe convolution(g, samples: samples, x, w, &y)
    unsafe convolutionInputGradient(g, samples: samples, dy, w, &dx)
    let rows = ShardRows(segments: [[0..<1], [1..<samples]], tree: ShardTree(shardCount: 2), owned: 0..<2)
    unsafe convolutionWeightGradient(g, rows: rows, x, dy, &dw)
    let bound = shape.stride == 1 ? 4e-6 : 2e-6
    let errors = (Self.error(y, y64), Self.error(dx, dx64), Self.error(dw, dw64))
    #expect(errors.0 < bound && errors.1 < bound && errors.2 < bound, "\(errors)")
  }

  // The second and last have more tiles than are transformed at once.
  @Test(arguments: [
    Shape(samples: 7, height: 12, width: 8, inputs: 32, outputs: 48), Shape(samples: 3, height: 60, width: 60, inputs: 544, outputs: 496),
    Shape(samples: 7, height: 17, width: 24, inputs: 32, outputs: 48, stride: 2),
    Shape(samples: 3, height: 120, width: 120, inputs: 272, outputs: 368, stride: 2),
  ])
  func `a sample's bits do not depend on the batch it comes in`(shape: Shape) {
    let (g, samples) = (shape.geometry, shape.samples)
    let (inputSize, outputSize) = (g.height * g.width * g.inputChannels, g.outputHeight * g.outputWidth * g.outputChannels)
    let x = Self.drawn(samples * inputSize, 4)
    let w = Self.drawn(g.kernelHeight * g.kernelWidth * g.inputChannels * g.outputChannels, 5)
    var together = [Float](repeating: 0, count: samples * outputSize)
    unsafe convolution(g, samples: samples, x, w, &together)
    for sample in 0..<samples {
      var alone = [Float](repeating: 0, count: outputSize)
      unsafe convolution(g, samples: 1, Array(x[(sample * inputSize)..<((sample + 1) * inputSize)]), w, &alone)
      #expect(alone == Array(together[(sample * outputSize)..<((sample + 1) * outputSize)]), "sample \(sample)")
    }
    var gradients = [Float](repeating: 0, count: samples * inputSize)
    unsafe convolutionInputGradient(g, samples: samples, together, w, &gradients)
    for sample in 0..<samples {
      var alone = [Float](repeating: 0, count: inputSize)
      unsafe convolutionInputGradient(g, samples: 1, Array(together[(sample * outputSize)..<((sample + 1) * outputSize)]), w, &alone)
      #expect(alone == Array(gradients[(sample * inputSize)..<((sample + 1) * inputSize)]), "gradient of sample \(sample)")
    }
  }

  // In a process of its own: the algorithm is one of the whole process, and other tests compute beside this one.
  @Test func `exact convolutions round less than Winograd's in every pass`() async {
    await #expect(processExitsWith: .success) {
      let shape = Shape(height: 8, width: 8, inputs: 32, outputs: 48)
      let g = shape.geometry
      let (x, w, dy) = (WinogradTests.drawn(3 * 64 * 32, 1), WinogradTests.drawn(9 * 32 * 48, 2), WinogradTests.drawn(3 * 64 * 48, 3))
      var expected = (
        [Double](repeating: 0, count: dy.count), [Double](repeating: 0, count: x.count), [Double](repeating: 0, count: w.count)
      )
      WinogradTests.products(g, samples: 3) { yi, xi, wi in
        expected.0[yi] += Double(x[xi]) * Double(w[wi])
        expected.1[xi] += Double(dy[yi]) * Double(w[wi])
        expected.2[wi] += Double(x[xi]) * Double(dy[yi])
      }
      let rows = ShardRows(segments: [[0..<1], [1..<3]], tree: ShardTree(shardCount: 2), owned: 0..<2)
      func passes(_ algorithm: ConvolutionAlgorithm) -> [[Float]] {
        ConvolutionAlgorithm.current = algorithm
        var found = [dy.map { _ in Float.nan }, x.map { _ in Float.nan }, w.map { _ in Float.nan }]
        unsafe convolution(g, samples: 3, x, w, &found[0])
        unsafe convolutionInputGradient(g, samples: 3, dy, w, &found[1])
        unsafe convolutionWeightGradient(g, rows: rows, x, dy, &found[2])
        return found
      }
      let (fast, exact) = (passes(.winograd), passes(.exact))
      for (index, sums) in [expected.0, expected.1, expected.2].enumerated() {
        let errors = (WinogradTests.error(fast[index], sums), WinogradTests.error(exact[index], sums))
        precondition(errors.1 < 4e-7 && errors.0 < 4e-6, "pass \(index): errors \(errors)")
        precondition(fast[index] != exact[index], "pass \(index): both ways have the same bits")
      }
      precondition(passes(.winograd) == fast, "the algorithm cannot be changed back")
    }
  }

  @Test func `shards summed apart have the bits of all shards together`() {
    let g = Shape(height: 8, width: 8, inputs: 16, outputs: 32).geometry
    let (inputSize, outputSize, weightSize) = (64 * 16, 64 * 32, 9 * 16 * 32)
    let plan = ShardPlan(batch: 7, shardCount: 4)
    let (x, dy) = (Self.drawn(7 * inputSize, 6), Self.drawn(7 * outputSize, 7))
    func gradient(_ owned: Range<Int>) -> [Float] {
      let first = plan.samples(ofShard: owned.lowerBound).lowerBound
      let segments = owned.map { shard in
        let samples = plan.samples(ofShard: shard)
        return [(samples.lowerBound - first)..<(samples.upperBound - first)]
      }
      let rows = ShardRows(segments: segments, tree: plan.tree, owned: owned)
      let end = first + rows.rowCount
      var dw = [Float](repeating: 0, count: rows.nodeCount * weightSize)
      unsafe convolutionWeightGradient(
        g, rows: rows, Array(x[(first * inputSize)..<(end * inputSize)]), Array(dy[(first * outputSize)..<(end * outputSize)]), &dw)
      return dw
    }
    let (left, right) = (gradient(0..<2), gradient(2..<4))
    #expect(zip(left, right).map { $0 + $1 } == gradient(0..<4))
  }
}
