import Kernels
import Testing

private let cases: [(a: [Int], b: [Int])] = [
  ([], []), ([1], [7]), ([7], [1]), ([5, 9], [5, 9]), ([1, 1], [5, 9]), ([5, 9], [1, 1]), ([3, 4, 5], [3, 1, 5]), ([3, 1, 5], [3, 4, 5]),
  ([3, 4, 5], [1, 1, 5]), ([1, 1, 5], [3, 4, 5]), ([3, 4, 5], [3, 1, 1]), ([3, 1, 1], [3, 4, 5]), ([3, 4, 1], [1, 4, 5]),
  ([2, 3, 4, 5], [2, 1, 4, 1]), ([2, 1, 4, 1], [1, 3, 1, 5]), ([6, 1, 17], [1, 33, 1]), ([20, 30, 64], [20, 1, 64]),
  ([100, 400], [1, 400]), ([1, 40_000], [1, 1]), ([2, 0, 3], [2, 1, 3]), ([5000, 3], [1, 3]), ([1, 3], [5000, 3]), ([700, 17], [1, 17]),
  // More than one task of short rows.
  ([20_000, 3], [1, 3]), ([40, 50, 64], [40, 1, 64]), ([9, 7, 11, 60], [9, 1, 11, 1]), ([1, 33], [2500, 33]), ([9000, 5], [9000, 1]),
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
    expectSame(found, pairs.map(function), "\(operation) \(a) \(b)")
  }
  expectSame(output(count) { unsafe broadcast(x, a, $0, shape) }, pairs.map(\.0))
}

@Test(arguments: [([50, 7], [1, 7]), ([50, 7], [50, 1]), ([50, 7], [50, 7]), ([4, 5, 6], [1, 5, 1])])
func `a broadcast operation may write over its operand`(_ shape: [Int], _ other: [Int]) {
  let x = samples(shape.reduce(1, *))
  let y = samples(other.reduce(1, *), seed: 2).map { $0 + 2 }
  for operation in BinaryOperation.allCases {
    let left = output(x.count) { unsafe apply(operation, x, shape, y, other, $0, shape) }
    let right = output(x.count) { unsafe apply(operation, y, other, x, shape, $0, shape) }
    var place = x
    unsafe place.withUnsafeMutableBufferPointer { unsafe apply(operation, $0.baseAddress!, shape, y, other, $0.baseAddress!, shape) }
    expectSame(place, left, "\(operation), left operand")
    place = x
    unsafe place.withUnsafeMutableBufferPointer { unsafe apply(operation, y, other, $0.baseAddress!, shape, $0.baseAddress!, shape) }
    expectSame(place, right, "\(operation), right operand")
  }
}
