import Kernels
import Sharding
import Testing

private func strides(_ shape: [Int]) -> [Int] {
  shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
}

private func position(_ index: Int, _ shape: [Int]) -> [Int] {
  zip(strides(shape), shape).map { index / $0 % $1 }
}

private let permutations: [(shape: [Int], permutation: [Int])] = [
  ([], []), ([5], [0]), ([3, 4], [1, 0]), ([17, 33], [1, 0]), ([2, 35, 18], [0, 2, 1]), ([3, 4, 5], [2, 1, 0]), ([3, 4, 5], [1, 0, 2]),
  ([2, 3, 4, 5], [0, 3, 1, 2]), ([2, 3, 4, 5], [0, 2, 3, 1]), ([2, 3, 4, 5], [3, 2, 1, 0]), ([2, 1, 4, 5], [1, 3, 0, 2]),
  ([2, 4, 2, 6, 2, 3], [0, 1, 3, 2, 4, 5]), ([2, 3, 2, 3, 2, 3], [5, 3, 1, 0, 2, 4]), ([1, 1, 3], [2, 0, 1]), ([200, 300], [1, 0]),
  // More than one task each.
  ([40, 50, 30], [1, 0, 2]), ([200, 300], [0, 1]), ([12, 60, 70], [0, 2, 1]), ([12, 60, 70], [2, 1, 0]),
]

@Test(arguments: permutations) func `a transposed element lies where the permutation says`(_ shape: [Int], _ permutation: [Int]) {
  let count = shape.reduce(1, *)
  let x = (0..<count).map(Float.init)
  let y = output(count) { unsafe transpose(x, shape: shape, permutation: permutation, $0) }
  let target = permutation.map { shape[$0] }
  let expected = (0..<count).map { index in
    let place = position(index, target)
    return Float(zip(permutation, place).reduce(0) { $0 + strides(shape)[$1.0] * $1.1 })
  }
  expectSame(y, expected)
}

private let windows: [(shape: [Int], offset: [Int], window: [Int], target: [Int], targetOffset: [Int])] = [
  ([], [], [], [], []), ([9], [2], [4], [6], [1]), ([4, 5], [1, 2], [2, 3], [2, 3], [0, 0]), ([4, 5], [0, 0], [4, 5], [6, 8], [1, 2]),
  ([4, 5], [1, 0], [2, 5], [7, 5], [3, 0]), ([3, 4, 5], [0, 1, 0], [3, 2, 5], [3, 6, 5], [0, 4, 0]),
  ([2, 30, 20, 40], [1, 3, 4, 5], [1, 20, 10, 33], [2, 22, 12, 40], [1, 2, 0, 3]), ([2, 3], [0, 0], [0, 3], [2, 3], [0, 0]),
  ([30, 40, 50], [1, 2, 3], [28, 37, 46], [31, 38, 60], [2, 1, 5]),
]

@Test(arguments: windows) func `a window is copied and nothing around it touched`(
  _ shape: [Int], _ offset: [Int], _ window: [Int], _ target: [Int], _ targetOffset: [Int]
) {
  let x = samples(shape.reduce(1, *))
  let count = target.reduce(1, *)
  var y = [Float](repeating: 7, count: count)
  var expected = y
  unsafe copyWindow(from: x, shape: shape, offset: offset, window: window, to: &y, target, yOffset: targetOffset)
  for index in 0..<count {
    let local = zip(position(index, target), targetOffset).map { $0 - $1 }
    if zip(local, window).allSatisfy({ $0 >= 0 && $0 < $1 }) {
      let from = zip(zip(local, offset), strides(shape)).reduce(0) { $0 + ($1.0.0 + $1.0.1) * $1.1 }
      expected[index] = x[from]
    }
  }
  expectSame(y, expected)
}
