import Glibc

/// A function of two numbers, applied element by element.
public enum BinaryOperation: Sendable, Hashable, CaseIterable {
  case add, subtract, multiply, divide
}

/// The axes of a result together with the strides of its operands (0 along repeated axes), after adjacent axes that both operands treat
/// alike were joined.
private struct CommonAxes {
  var sizes: [Int] = []
  var aStrides: [Int] = []
  var bStrides: [Int] = []

  init(_ shape: [Int], _ aShape: [Int], _ bShape: [Int]) {
    var aRepeats: [Bool] = []
    var bRepeats: [Bool] = []
    for axis in shape.indices where shape[axis] != 1 {
      let aRepeat = aShape[axis] == 1
      let bRepeat = bShape[axis] == 1
      if let last = sizes.indices.last, aRepeats[last] == aRepeat, bRepeats[last] == bRepeat {
        sizes[last] *= shape[axis]
      } else {
        sizes.append(shape[axis])
        aRepeats.append(aRepeat)
        bRepeats.append(bRepeat)
      }
    }
    if sizes.isEmpty {
      sizes = [1]
      aRepeats = [false]
      bRepeats = [false]
    }
    aStrides = Self.strides(sizes, aRepeats)
    bStrides = Self.strides(sizes, bRepeats)
  }

  private static func strides(_ sizes: [Int], _ repeats: [Bool]) -> [Int] {
    var strides = sizes
    var next = 1
    for axis in sizes.indices.reversed() {
      strides[axis] = repeats[axis] ? 0 : next
      if !repeats[axis] { next *= sizes[axis] }
    }
    return strides
  }

  /// Runs `body(aOffset, bOffset, yOffset, length)` for runs of the last axis.
  @inline(__always)
  func forRuns(_ body: (Int, Int, Int, Int) -> Void) {
    let last = sizes.count - 1
    let inner = sizes[last]
    let rows = sizes[..<last].reduce(1, *)
    if rows == 1 {
      Workers.forRanges(inner, grain: threadingGrain) { range in
        body(range.lowerBound * aStrides[last], range.lowerBound * bStrides[last], range.lowerBound, range.count)
      }
      return
    }
    Workers.forRanges(rows, grain: max(1, threadingGrain / max(inner, 1))) { range in
      var position = [Int](repeating: 0, count: last)
      var rest = range.lowerBound
      var a = 0
      var b = 0
      for axis in (0..<last).reversed() {
        position[axis] = rest % sizes[axis]
        rest /= sizes[axis]
        a += position[axis] * aStrides[axis]
        b += position[axis] * bStrides[axis]
      }
      for row in range {
        body(a, b, row * inner, inner)
        var axis = last - 1
        while axis >= 0 {
          position[axis] += 1
          a += aStrides[axis]
          b += bStrides[axis]
          if position[axis] < sizes[axis] { break }
          a -= sizes[axis] * aStrides[axis]
          b -= sizes[axis] * bStrides[axis]
          position[axis] = 0
          axis -= 1
        }
      }
    }
  }
}

@inline(__always)
private func combine(
  _ axes: CommonAxes, _ a: Input, _ b: Input, _ y: Output, _ function: (Float, Float) -> Float
) {
  let last = axes.sizes.count - 1
  switch (axes.aStrides[last], axes.bStrides[last]) {
  case (0, 0):
    axes.forRuns { i, j, k, count in
      (y + k).update(repeating: function(a[i], b[j]), count: count)
    }
  case (0, _):
    axes.forRuns { i, j, k, count in
      let value = a[i]
      let (right, target) = (b + j, y + k)
      for n in 0..<count { target[n] = function(value, right[n]) }
    }
  case (_, 0):
    axes.forRuns { i, j, k, count in
      let value = b[j]
      let (left, target) = (a + i, y + k)
      for n in 0..<count { target[n] = function(left[n], value) }
    }
  default:
    axes.forRuns { i, j, k, count in
      let (left, right, target) = (a + i, b + j, y + k)
      for n in 0..<count { target[n] = function(left[n], right[n]) }
    }
  }
}

/// `y = operation(a, b)` with both operands repeated along their axes of size 1.
///
/// `shape` is the result's; `aShape` and `bShape` have its rank and on each axis its size or 1. `y` may be an operand of the same shape.
public func apply(
  _ operation: BinaryOperation, _ a: Input, _ aShape: [Int], _ b: Input, _ bShape: [Int], _ y: Output, _ shape: [Int]
) {
  let axes = CommonAxes(shape, aShape, bShape)
  switch operation {
  case .add: combine(axes, a, b, y) { $0 + $1 }
  case .subtract: combine(axes, a, b, y) { $0 - $1 }
  case .multiply: combine(axes, a, b, y) { $0 * $1 }
  case .divide: combine(axes, a, b, y) { $0 / $1 }
  }
}

/// Repeats `x` along its axes of size 1 to fill `shape`, which has the same rank.
public func broadcast(_ x: Input, _ xShape: [Int], _ y: Output, _ shape: [Int]) {
  let axes = CommonAxes(shape, xShape, xShape)
  let repeats = axes.aStrides[axes.sizes.count - 1] == 0
  axes.forRuns { i, _, k, count in
    if repeats {
      (y + k).update(repeating: x[i], count: count)
    } else {
      (y + k).update(from: x + i, count: count)
    }
  }
}
