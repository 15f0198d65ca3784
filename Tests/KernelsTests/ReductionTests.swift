import Kernels
import Sharding
import Testing

private let shapes: [(Int, Int, Int)] = [
  (1, 1, 1), (3, 5, 7), (1, 1000, 1), (4, 33, 1), (2, 17, 300), (5, 1, 9), (1, 5000, 3), (40, 64, 32),
  // More than one task: rows of one number, columns in several blocks, slices.
  (300, 200, 1), (3, 40, 1100), (70, 9, 130),
]

@Test(arguments: shapes) func `reductions over the middle axis equal naive loops`(_ outer: Int, _ middle: Int, _ inner: Int) {
  let count = outer * middle * inner
  let a = samples(count)
  let b = samples(count, seed: 2)
  func reduced(_ start: Double, _ body: (Double, Int, Int) -> Double) -> [Double] {
    (0..<outer * inner).map { index in
      (0..<middle).reduce(start) { body($0, (index / inner * middle + $1) * inner + index % inner, index % inner) }
    }
  }
  // The sums are exact up to one rounding of the result.
  let size = outer * inner
  expectClose(
    output(size) { unsafe sum(a, outer: outer, middle: middle, inner: inner, $0) }, reduced(0) { s, i, _ in s + Double(a[i]) },
    within: 1e-7)
  expectClose(
    output(size) { unsafe sumProducts(a, b, outer: outer, middle: middle, inner: inner, $0) },
    reduced(0) { s, i, _ in s + Double(a[i]) * Double(b[i]) }, within: 1e-7)
  expectClose(
    output(size) { unsafe maximum(a, outer: outer, middle: middle, inner: inner, $0) },
    reduced(-.infinity) { s, i, _ in max(s, Double(a[i])) }, within: 0)
}

@Test(arguments: shapes) func `moments of samples equal naive loops, far from zero too`(_ count: Int, _ pixels: Int, _ channels: Int) {
  for offset: Float in [0, 3000] {
    let x = samples(count * pixels * channels).map { $0 + offset }
    let moments = output(count * 2 * channels) { unsafe sampleMoments(x, samples: count, pixels: pixels, channels: channels, $0) }
    for sample in 0..<count {
      for channel in 0..<channels {
        let numbers = (0..<pixels).map { Double(x[(sample * pixels + $0) * channels + channel]) }
        let mean = numbers.reduce(0, +) / Double(pixels)
        let squares = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        // Sixteen deviations and squares are added in Float; the results are rounded once.
        #expect(abs(Double(moments[sample * 2 * channels + channel]) - mean) < 1.5e-7 * max(1, abs(mean)))
        #expect(abs(Double(moments[(sample * 2 + 1) * channels + channel]) - squares) < 1e-6 * squares + 1e-12)
      }
    }
  }
}

extension ThreadCounts {
  @Test func `reductions give the same bits on any number of threads`() {
    let x = samples(400_000)
    expectSameBitsOnAnyThreads("sum of all") { output(1) { unsafe sum(x, outer: 1, middle: 400_000, inner: 1, $0) } }
    expectSameBitsOnAnyThreads("sum of columns") { output(400) { unsafe sum(x, outer: 1, middle: 1000, inner: 400, $0) } }
    // The result is Double, whose last bits Float would hide.
    var sums: [[Double]] = []
    for threads in [1, 2, 4] {
      Workers.start(threads: threads)
      sums.append((0..<20).map { unsafe sumOfSquares(x, 400_000 - 9973 * $0) })
    }
    #expect(sums[0] == sums[1] && sums[0] == sums[2], "sums of squares")
    let rows = rankRows(batch: 40, shards: 7, ranks: 2)[0].rows
    expectSameBitsOnAnyThreads("folded rows") { output(rows.nodeCount * 10_000) { unsafe foldRows(x, rowSize: 10_000, rows: rows, $0) } }
  }
}
