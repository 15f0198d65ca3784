import Kernels
import Testing

/// Kernels whose tests have no thread counts of their own; sizes make several tasks each.
extension ThreadCounts {
  @Test(arguments: UnaryOperation.allCases) func `functions give the same bits on any number of threads`(_ operation: UnaryOperation) {
    let x = samples(150_001).map { abs($0) + 0.1 }
    expectSameBitsOnAnyThreads("\(operation)") { output(x.count) { unsafe apply(operation, x, $0, x.count) } }
  }

  @Test func `broadcast operations give the same bits on any number of threads`() {
    let x = samples(60 * 70 * 32), rows = samples(60 * 32, seed: 2), short = samples(3, seed: 3)
    expectSameBitsOnAnyThreads("middle axis") {
      output(x.count) { unsafe apply(.divide, x, [60, 70, 32], rows, [60, 1, 32], $0, [60, 70, 32]) }
    }
    expectSameBitsOnAnyThreads("short rows") {
      output(44_800 * 3) { unsafe apply(.add, x, [44_800, 3], short, [1, 3], $0, [44_800, 3]) }
    }
    expectSameBitsOnAnyThreads("repeated rows") { output(x.count) { unsafe broadcast(rows, [60, 1, 32], $0, [60, 70, 32]) } }
  }

  @Test func `row-wise functions give the same bits on any number of threads`() {
    let (rows, columns) = (700, 130)
    let x = samples(rows * columns), c = samples(rows * columns, seed: 2)
    let mean = samples(columns, seed: 3), scale = samples(columns, seed: 4)
    let y = output(x.count) { unsafe softmax(x, rows: rows, columns: columns, $0) }
    expectSameBitsOnAnyThreads("softmax") { output(x.count) { unsafe softmax(x, rows: rows, columns: columns, $0) } }
    expectSameBitsOnAnyThreads("gradient") { output(x.count) { unsafe softmaxGradient(y, c, rows: rows, columns: columns, $0) } }
    expectSameBitsOnAnyThreads("logarithm of sums") { output(rows) { unsafe logSumExp(x, rows: rows, columns: columns, $0) } }
    // Seven samples of a hundred pixels.
    let gain = samples(7 * columns, seed: 5)
    func standardization(_ body: (Standardization) -> Void) {
      unsafe mean.withUnsafeBufferPointer { mean in
        unsafe scale.withUnsafeBufferPointer { scale in
          unsafe gain.withUnsafeBufferPointer { gain in
            body(
              unsafe Standardization(
                samples: 7, pixels: rows / 7, channels: columns, mean: mean.baseAddress!, scale: scale.baseAddress!,
                gain: gain.baseAddress!, bias: gain.baseAddress!, isPerSample: true, slope: 0.2))
          }
        }
      }
    }
    expectSameBitsOnAnyThreads("standardisation") { output(x.count) { y in standardization { unsafe $0.forward(x, y) } } }
    expectSameBitsOnAnyThreads("sums of standardisation") { output(14 * columns) { y in standardization { unsafe $0.sums(x, c, y) } } }
    expectSameBitsOnAnyThreads("gradient of standardisation") {
      output(x.count) { y in standardization { unsafe $0.gradient(x, c, means: x, y) } }
    }
  }

  @Test func `pooling gives the same bits on any number of threads`() {
    let (n, h, w, c) = (5, 33, 31, 24)
    let x = samples(n * h * w * c), d = samples(n * 16 * 15 * c, seed: 2)
    expectSameBitsOnAnyThreads("average") {
      output(d.count) { unsafe averagePool(samples: n, height: h, width: w, channels: c, window: 3, stride: 2, x, $0) }
    }
    expectSameBitsOnAnyThreads("gradient of average") {
      output(x.count) { unsafe averagePoolGradient(samples: n, height: h, width: w, channels: c, window: 3, stride: 2, d, $0) }
    }
    expectSameBitsOnAnyThreads("maximum") {
      output(d.count) { unsafe maximumPoolSelect(samples: n, height: h, width: w, channels: c, window: 3, stride: 2, x, x, $0) }
    }
    expectSameBitsOnAnyThreads("gradient of maximum") {
      output(x.count) { unsafe maximumPoolScatter(samples: n, height: h, width: w, channels: c, window: 3, stride: 2, x, d, $0) }
    }
    expectSameBitsOnAnyThreads("upsampling") {
      output(4 * x.count) { unsafe upsample(samples: n, height: h, width: w, channels: c, factor: 2, x, $0) }
    }
    let large = samples(4 * x.count, seed: 3)
    expectSameBitsOnAnyThreads("gradient of upsampling") {
      output(x.count) { unsafe upsampleGradient(samples: n, height: h, width: w, channels: c, factor: 2, large, $0) }
    }
  }

  @Test func `moving numbers gives the same bits on any number of threads`() {
    let x = samples(120_000)
    expectSameBitsOnAnyThreads("transposition") {
      output(x.count) { unsafe transpose(x, shape: [40, 60, 50], permutation: [2, 0, 1], $0) }
    }
    expectSameBitsOnAnyThreads("window") {
      output(38 * 58 * 48) {
        unsafe copyWindow(
          from: x, shape: [40, 60, 50], offset: [1, 1, 1], window: [38, 58, 48], to: $0, [38, 58, 48], yOffset: [0, 0, 0])
      }
    }
    let indices = (0..<300).map { Int32($0 * 7 % 40) }
    expectSameBitsOnAnyThreads("gathered rows") { output(300 * 3000) { unsafe gatherRows(x, width: 3000, indices, $0) } }
    let rows = rankRows(batch: 300, shards: 7, ranks: 1)[0].rows
    expectSameBitsOnAnyThreads("scattered rows") {
      output(40 * 400) { unsafe scatterRows(x, width: 400, indices, tableRows: 40, rows: rows, $0) }
    }
  }

  @Test func `random numbers give the same bits on any number of threads`() {
    let key = RandomKey(seed: 5, purpose: 6, step: 7)
    expectSameBitsOnAnyThreads("normal") { output(90 * 1001) { unsafe fillNormal(key, firstRow: 3, rowCount: 90, rowSize: 1001, $0) } }
    expectSameBitsOnAnyThreads("uniform") { output(90 * 1001) { unsafe fillUniform(key, firstRow: 3, rowCount: 90, rowSize: 1001, $0) } }
  }

  @Test func `optimizer steps and orthonormalisation give the same bits on any number of threads`() {
    let count = 150_001
    let p = samples(count), g = samples(count, seed: 2), v = samples(count, seed: 3).map(abs)
    expectSameBitsOnAnyThreads("Adam") {
      var (parameters, first, second) = (p, g, v)
      unsafe adam(
        parameters: &parameters, gradient: g, firstMoment: &first, secondMoment: &second, count: count, learningRate: 0.1, beta1: 0.5,
        beta2: 0.9, epsilon: 1e-8, correction1: 0.5, correction2: 0.1)
      return parameters + first + second
    }
    expectSameBitsOnAnyThreads("momentum") {
      var (parameters, velocity) = (p, v)
      unsafe momentumStep(parameters: &parameters, gradient: g, velocity: &velocity, count: count, learningRate: 0.1, momentum: 0.9)
      return parameters + velocity
    }
    expectSameBitsOnAnyThreads("average") {
      var average = p
      unsafe interpolate(&average, g, decay: 0.9, count)
      return average
    }
    expectSameBitsOnAnyThreads("orthonormal rows") {
      var q = Array(p[..<(150 * 200)])
      unsafe orthonormalize(&q, rows: 150, columns: 200)
      return q
    }
  }
}
