import Kernels
import Testing

@Suite struct PowerIterationTests {
  private func iterate(_ w: [Float], _ u: [Float], rows: Int) -> (image: [Float], coimage: [Float]) {
    var coimage: [Float] = []
    let image = output(rows) { t in
      coimage = output(u.count) { s in unsafe powerIteration(w, u, rows: rows, columns: u.count, image: t, coimage: s) }
    }
    return (image, coimage)
  }

  @Test(arguments: [(1, 1), (3, 5), (18, 16), (70, 33), (1300, 100), (4, 2000)])
  func `both products agree with sums in Double`(_ rows: Int, _ columns: Int) {
    let (w, u) = (samples(rows * columns), samples(columns, seed: 2))
    let found = iterate(w, u, rows: rows)
    var coimage = [Double](repeating: 0, count: columns)
    for row in 0..<rows {
      let image = (0..<columns).reduce(0.0) { $0 + Double(w[row * columns + $1]) * Double(u[$1]) }
      #expect(abs(Double(found.image[row]) - image) < 2e-5 * Double(columns).squareRoot(), "row \(row)")
      for column in 0..<columns { coimage[column] += image * Double(w[row * columns + column]) }
    }
    let scale = coimage.reduce(0) { max($0, abs($1)) }
    for column in 0..<columns { #expect(abs(Double(found.coimage[column]) - coimage[column]) < 2e-6 * scale, "column \(column)") }
  }
}

extension ThreadCounts {
  @Test func `a power iteration gives the same bits on any number of threads`() {
    let (rows, columns) = (1000, 130)
    let (w, u) = (samples(rows * columns), samples(columns, seed: 2))
    expectSameBitsOnAnyThreads("image and coimage") {
      output(rows + columns) { unsafe powerIteration(w, u, rows: rows, columns: columns, image: $0, coimage: $0 + rows) }
    }
  }
}
