import Kernels
import Testing

private let cases: [(a: [Int], b: [Int])] = [
  ([], []), ([1], [7]), ([7], [1]), ([5, 9], [5, 9]), ([1, 1], [5, 9]), ([5, 9], [1, 1]), ([3, 4, 5], [3, 1, 5]), ([3, 1, 5], [3, 4, 5]),
  ([3, 4, 5], [1, 1, 5]), ([1, 1, 5], [3, 4, 5]), ([3, 4, 5], [3, 1, 1]), ([3, 1, 1], [3, 4, 5]), ([3, 4, 1], [1, 4, 5]),
  ([2, 3, 4, 5], [2, 1, 4, 1]), ([2, 1, 4, 1], [1, 3, 1, 5]), ([6, 1, 17], [1, 33, 1]), ([20, 30, 64], [20, 1, 64]),
  ([100, 400], [1, 400]), ([1, 40_000], [1, 1]), ([2, 0, 3], [2, 1, 3]), ([5000, 3], [1, 3]), ([1, 3], [5000, 3]), ([700, 17], [1, 17]),
]

private func value(_ x: [Float], _ xShape: [Int], _ position: [Int]) -> Float {
  var index = 0
  for (axis, size) in xShape.enumerated() { index = index * size + (size == 1 ? 0 : position[axis]) }
  return x[index]
}

private func positions(_ shape: [Int]) -> [[Int]] {
  shape.reduce([[]]) { found, size in found.flatMap { prefix in (0..<size).map { prefix + [$0] } } }
}

@Test(arguments: cases) func `broadcast operations equal naive loops`(_ a: [Int], _ b: [Int]) {
  let shape = zip(a, b).map { $0 == 1 ? $1 : $0 }
  let count = shape.reduce(1, *)
  let x = samples(a.reduce(1, *))
  let y = samples(b.reduce(1, *), seed: 2).map { $0 + 2 }
  let all = positions(shape)
  let pairs = all.map { (value(x, a, $0), value(y, b, $0)) }
  let operations: [(BinaryOperation, (Float, Float) -> Float)] = [(.add, (+)), (.subtract, (-)), (.multiply, (*)), (.divide, (/))]
  for (operation, function) in operations {
    let found = output(count) { unsafe apply(operation, x, a, y, b, $0, shape) }
    #expect(found == pairs.map(function), "\(operation) \(a) \(b)")
  }
  #expect(output(count) { unsafe broadcast(x, a, $0, shape) } == pairs.map(\.0))
}
