import Glibc

/// A function of two numbers, applied element by element.
public enum BinaryOperation: Sendable, Hashable, CaseIterable {
  case add, subtract, multiply, divide
}

/// The same of vectors. A type for each, so that each has loops of its own.
private protocol LaneOperation {
  static func apply(_ x: Lane, _ y: Lane) -> Lane
}

private enum Addition: LaneOperation {
  @inline(__always)
  static func apply(_ x: Lane, _ y: Lane) -> Lane { x + y }
}

private enum Subtraction: LaneOperation {
  @inline(__always)
  static func apply(_ x: Lane, _ y: Lane) -> Lane { x - y }
}

private enum Multiplication: LaneOperation {
  @inline(__always)
  static func apply(_ x: Lane, _ y: Lane) -> Lane { x * y }
}

private enum Division: LaneOperation {
  @inline(__always)
  static func apply(_ x: Lane, _ y: Lane) -> Lane { x / y }
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

/// Fills a run with a function of two operands, each given by its vector at an index: explicit vectors, since the compiler leaves the
/// loop over three pointers scalar.
@inline(__always)
private func fillRun<Operation: LaneOperation>(
  _: Operation.Type, _ y: Output, _ count: Int, _ a: (Int, Int) -> Lane, _ b: (Int, Int) -> Lane
) {
  var i = 0
  while i + 16 <= count {
    y.store(Operation.apply(a(i, 16), b(i, 16)), i)
    i += 16
  }
  if i < count { y.store(Operation.apply(a(i, count - i), b(i, count - i)), i, count: count - i) }
}

@inline(__always)
private func combine<Operation: LaneOperation>(_ operation: Operation.Type, _ axes: CommonAxes, _ a: Input, _ b: Input, _ y: Output) {
  /// The vector of `length` numbers from `index` on.
  @inline(__always)
  func vector(_ x: Input, _ index: Int, _ length: Int) -> Lane {
    length == 16 ? x.lane(index) : x.lane(index, count: length, padding: 1)
  }
  let last = axes.sizes.count - 1
  let inner = axes.sizes[last]
  if last == 1 && inner < 64 && axes.aStrides[1] == 1 && axes.bStrides[1] == 1 {
    // A short row on every row, such as three channels' biases: copies of it make runs long enough for vectors.
    let aRepeats = axes.aStrides[0] == 0
    let chunk = 1024 / inner * inner
    withScratch(chunk) { copies in
      for index in 0..<chunk { copies[index] = (aRepeats ? a : b)[index % inner] }
      let row = Input(copies)
      Workers.forRanges(axes.sizes[0] * inner, grain: chunk * max(1, threadingGrain / chunk)) { range in
        var start = range.lowerBound
        while start < range.upperBound {
          let count = min(chunk, range.upperBound - start)
          let left = aRepeats ? row : a + start
          let right = aRepeats ? b + start : row
          fillRun(operation, y + start, count, { vector(left, $0, $1) }, { vector(right, $0, $1) })
          start += count
        }
      }
    }
    return
  }
  switch (axes.aStrides[last], axes.bStrides[last]) {
  case (0, _):
    let bStep = axes.bStrides[last]
    axes.forRuns { i, j, k, count in
      let value = Lane(repeating: a[i])
      if bStep == 0 {
        (y + k).update(repeating: Operation.apply(value, Lane(repeating: b[j]))[0], count: count)
      } else {
        fillRun(operation, y + k, count, { _, _ in value }, { vector(b + j, $0, $1) })
      }
    }
  case (_, 0):
    axes.forRuns { i, j, k, count in
      let value = Lane(repeating: b[j])
      fillRun(operation, y + k, count, { vector(a + i, $0, $1) }, { _, _ in value })
    }
  default:
    axes.forRuns { i, j, k, count in
      fillRun(operation, y + k, count, { vector(a + i, $0, $1) }, { vector(b + j, $0, $1) })
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
  case .add: combine(Addition.self, axes, a, b, y)
  case .subtract: combine(Subtraction.self, axes, a, b, y)
  case .multiply: combine(Multiplication.self, axes, a, b, y)
  case .divide: combine(Division.self, axes, a, b, y)
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
