import Foundation
import Kernels
import Testing

@Test(arguments: [(1, 1), (5, 3), (7, 16), (3, 100), (2, 1025), (600, 130)]) func `row-wise functions equal Double`(
  _ rows: Int, _ columns: Int
) {
  let count = rows * columns
  let x = samples(count).map { $0 * 20 }
  let c = samples(count, seed: 2)
  var y = [Double](repeating: 0, count: count)
  var logs = [Double](repeating: 0, count: rows)
  var dx = y
  for r in 0..<rows {
    let row = (r * columns)..<((r + 1) * columns)
    let highest = Double(x[row].max()!)
    let total = row.reduce(0.0) { $0 + exp(Double(x[$1]) - highest) }
    logs[r] = highest + log(total)
    for i in row { y[i] = exp(Double(x[i]) - highest) / total }
    let dot = row.reduce(0.0) { $0 + Double(c[$1]) * y[$1] }
    for i in row { dx[i] = y[i] * (Double(c[i]) - dot) }
  }
  let found = output(count) { unsafe softmax(x, rows: rows, columns: columns, $0) }
  expectClose(found, y, within: 1e-6)
  expectClose(output(rows) { unsafe logSumExp(x, rows: rows, columns: columns, $0) }, logs, within: 1e-6)
  // A column alone has gradient 0, which leaves only rounding to compare: hence the absolute floor.
  let gradient = output(count) { unsafe softmaxGradient(found, c, rows: rows, columns: columns, $0) }
  #expect(zip(gradient, dx).allSatisfy { abs(Double($0) - $1) < 1e-6 })
}

@Test func `softmax and its logarithm bear huge and infinite logits`() {
  let x: [Float] = [1e30, -1e30, 1e30, -.infinity, 0, -.infinity, -.infinity, -.infinity, -.infinity]
  let y = output(9) { unsafe softmax(x, rows: 3, columns: 3, $0) }
  #expect(Array(y[..<6]) == [0.5, 0, 0.5, 0, 1, 0])
  let l = output(3) { unsafe logSumExp(x, rows: 3, columns: 3, $0) }
  #expect(l == [1e30, 0, -.infinity])
}

@Test(arguments: [(0, false), (0.2, true), (1, true)] as [(Float, Bool)])
func `standardisation and its gradient equal their formulas`(slope: Float, isPerSample: Bool) {
  let (count, pixels, channels) = (3, 177, 67)
  let x = samples(count * pixels * channels), c = samples(x.count, seed: 2)
  let mean = samples(channels, seed: 3), scale = samples(channels, seed: 4), means = samples(2 * channels, seed: 5)
  let gain = samples((isPerSample ? count : 1) * channels, seed: 6), bias = samples(gain.count, seed: 7)
  func kernel(_ body: (Standardization) -> Void) {
    unsafe mean.withUnsafeBufferPointer { mean in
      unsafe scale.withUnsafeBufferPointer { scale in
        unsafe gain.withUnsafeBufferPointer { gain in
          unsafe bias.withUnsafeBufferPointer { bias in
            body(
              unsafe Standardization(
                samples: count, pixels: pixels, channels: channels, mean: mean.baseAddress!, scale: scale.baseAddress!,
                gain: gain.baseAddress!, bias: bias.baseAddress!, isPerSample: isPerSample, slope: slope))
          }
        }
      }
    }
  }
  func normal(_ i: Int) -> Float { (x[i] - mean[i % channels]) * scale[i % channels] }
  func place(_ i: Int) -> Int { isPerSample ? i / (pixels * channels) * channels + i % channels : i % channels }
  func before(_ i: Int) -> Float { normal(i) * gain[place(i)] + bias[place(i)] }
  func gated(_ i: Int) -> Float { before(i) > 0 ? c[i] : c[i] * slope }

  let y = output(x.count) { y in kernel { unsafe $0.forward(x, y) } }
  #expect(y.indices.allSatisfy { y[$0] == (before($0) > 0 ? before($0) : before($0) * slope) })
  let d = output(x.count) { d in kernel { unsafe $0.gradient(x, c, means: means, d) } }
  expectClose(
    d,
    d.indices.map { i in
      let k = i % channels
      let product = Double(gain[place(i)]) * Double(gated(i))
      return Double(scale[k]) * (product - Double(means[k]) - Double(normal(i)) * Double(means[channels + k]))
    }, within: 1e-6)
  var expected = [Double](repeating: 0, count: count * 2 * channels)
  for i in x.indices {
    let first = i / (pixels * channels) * 2 * channels + i % channels
    expected[first] += Double(gated(i))
    expected[first + channels] += Double(gated(i)) * Double(normal(i))
  }
  expectClose(output(expected.count) { sums in kernel { unsafe $0.sums(x, c, sums) } }, expected, within: 1e-6)
}
