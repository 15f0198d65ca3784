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

@Test func `standardisation and its gradient equal their formulas`() {
  let (rows, channels) = (531, 67)
  let x = samples(rows * channels), c = samples(rows * channels, seed: 2)
  let mean = samples(channels, seed: 3), scale = samples(channels, seed: 4), other = samples(channels, seed: 5)
  let y = output(x.count) { unsafe standardize(x, mean: mean, scale: scale, rows: rows, channels: channels, $0) }
  #expect(y.indices.allSatisfy { y[$0] == (x[$0] - mean[$0 % channels]) * scale[$0 % channels] })
  let d = output(x.count) {
    unsafe standardizeGradient(c, x, scale: scale, meanC: mean, meanCX: other, rows: rows, channels: channels, $0)
  }
  expectClose(
    d,
    d.indices.map { i in
      let k = i % channels
      return Double(scale[k]) * (Double(c[i]) - Double(mean[k]) - Double(x[i]) * Double(other[k]))
    }, within: 1e-6)
}
