import Kernels
import Testing

@Test(arguments: [(1, 1), (1, 9), (9, 1), (7, 7), (5, 33), (64, 20), (130, 257)])
func `orthonormalised normal draws have orthonormal rows or columns`(_ rows: Int, _ columns: Int) {
  let draws = output(rows * columns) {
    unsafe fillNormal(RandomKey(seed: 1, purpose: 2, step: 0), firstRow: 0, rowCount: 1, rowSize: rows * columns, $0)
  }
  var q = draws
  unsafe orthonormalize(&q, rows: rows, columns: columns)
  let few = min(rows, columns), many = max(rows, columns)
  func at(_ vector: Int, _ index: Int) -> Double { Double(rows <= columns ? q[vector * columns + index] : q[index * columns + vector]) }
  for i in 0..<few {
    for j in 0...i {
      let dot = (0..<many).reduce(0.0) { $0 + at(i, $1) * at(j, $1) }
      #expect(abs(dot - (i == j ? 1 : 0)) < 1e-5, "vectors \(i) and \(j)")
    }
  }
  // The first vector keeps its direction: that is the sign rule.
  let norm = (0..<many).reduce(0.0) {
    $0 + Double(draws[rows <= columns ? $1 : $1 * columns]) * Double(draws[rows <= columns ? $1 : $1 * columns])
  }
  #expect((0..<many).allSatisfy { abs(at(0, $0) - Double(draws[rows <= columns ? $0 : $0 * columns]) / norm.squareRoot()) < 1e-5 })
}

@Test func `orthonormal draws of the plane point everywhere alike`() {
  var sum = (0.0, 0.0)
  var reflections = 0
  for step in 0..<400 as Range<UInt64> {
    var q = output(4) { unsafe fillNormal(RandomKey(seed: 9, purpose: 1, step: step), firstRow: 0, rowCount: 1, rowSize: 4, $0) }
    unsafe orthonormalize(&q, rows: 2, columns: 2)
    sum.0 += Double(q[0])
    sum.1 += Double(q[1])
    if q[0] * q[3] - q[1] * q[2] < 0 { reflections += 1 }
  }
  // Mean coordinates have standard error 0.035, the number of reflections 10.
  #expect(abs(sum.0 / 400) < 0.18 && abs(sum.1 / 400) < 0.18 && abs(reflections - 200) < 50)
}
