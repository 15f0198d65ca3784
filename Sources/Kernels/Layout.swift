import COpenBLAS

/// Transposes: axis `i` of `y` is axis `permutation[i]` of `x`, whose shape is `shape`.
public func transpose(_ x: Input, shape: [Int], permutation: [Int], _ y: Output) {
  let count = shape.reduce(1, *)
  if count == 0 { return }
  let xStrides = rowMajorStrides(shape)
  // Axes of y with their stride in x; axes of size 1 fall away, axes that stay neighbours become one.
  var sizes: [Int] = []
  var strides: [Int] = []
  for axis in permutation where shape[axis] != 1 {
    if let last = sizes.indices.last, strides[last] == shape[axis] * xStrides[axis] {
      sizes[last] *= shape[axis]
      strides[last] = xStrides[axis]
    } else {
      sizes.append(shape[axis])
      strides.append(xStrides[axis])
    }
  }
  if sizes.count <= 1 { return copy(x, y, count) }
  let last = sizes.count - 1
  let yStrides = rowMajorStrides(sizes)
  if strides[last] == 1 {
    forPositions(Array(sizes[..<last]), Array(strides[..<last]), Array(yStrides[..<last]), work: sizes[last]) {
      (y + $1).update(from: x + $0, count: sizes[last])
    }
    return
  }
  // The axis that is contiguous in x and the one that is contiguous in y make squares of 16 x 16; the others are walked around them.
  let contiguous = strides.firstIndex(of: 1)!
  let others = sizes.indices.filter { $0 != last && $0 != contiguous }
  let bands = (sizes[last] + 15) / 16
  let across = sizes[contiguous]
  let target = yStrides[contiguous]
  let source = strides[last]
  forPositions(
    others.map { sizes[$0] } + [bands], others.map { strides[$0] } + [16 * source], others.map { yStrides[$0] } + [16],
    work: across * min(16, sizes[last])
  ) { from, to in
    let columns = min(16, sizes[last] - to % sizes[last])
    var start = 0
    while start < across {
      let end = min(across, start + 16)
      for i in start..<end {
        for j in 0..<columns { y[to + i * target + j] = x[from + i + j * source] }
      }
      start = end
    }
  }
}

/// `y[i] = x[i]`.
public func copy(_ x: Input, _ y: Output, _ count: Int) {
  Workers.forRanges(count, grain: threadingGrain) { (y + $0.lowerBound).update(from: x + $0.lowerBound, count: $0.count) }
}

/// Copies a window: `window` elements per axis from `offset` in `x` to `yOffset` in `y`. All lists have the same rank.
///
/// Slices, padding and concatenation are built from it.
public func copyWindow(
  from x: Input, shape: [Int], offset: [Int], window: [Int], to y: Output, _ yShape: [Int], yOffset: [Int]
) {
  if window.contains(0) { return }
  if shape.isEmpty {
    y[0] = x[0]
    return
  }
  let xStrides = rowMajorStrides(shape)
  let yStrides = rowMajorStrides(yShape)
  var xStart = 0
  var yStart = 0
  for axis in shape.indices {
    xStart += offset[axis] * xStrides[axis]
    yStart += yOffset[axis] * yStrides[axis]
  }
  // Axes that are whole on both sides join the run that is copied at once.
  var last = shape.count - 1
  while last > 0 && window[last] == shape[last] && window[last] == yShape[last] { last -= 1 }
  let run = window[last] * xStrides[last]
  forPositions(Array(window[..<last]), Array(xStrides[..<last]), Array(yStrides[..<last]), work: run) {
    (y + yStart + $1).update(from: x + xStart + $0, count: run)
  }
}

private func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = shape
  var next = 1
  for axis in shape.indices.reversed() {
    strides[axis] = next
    next *= shape[axis]
  }
  return strides
}

/// Runs `body(x offset, y offset)` at every position of a grid; `work` is the number of elements behind each.
private func forPositions(_ sizes: [Int], _ xStrides: [Int], _ yStrides: [Int], work: Int, _ body: (Int, Int) -> Void) {
  let count = sizes.reduce(1, *)
  Workers.forRanges(count, grain: max(1, threadingGrain / max(work, 1))) { range in
    var position = sizes
    var rest = range.lowerBound
    var from = 0
    var to = 0
    for axis in sizes.indices.reversed() {
      position[axis] = rest % sizes[axis]
      rest /= sizes[axis]
      from += position[axis] * xStrides[axis]
      to += position[axis] * yStrides[axis]
    }
    for _ in range {
      body(from, to)
      var axis = sizes.count - 1
      while axis >= 0 {
        position[axis] += 1
        from += xStrides[axis]
        to += yStrides[axis]
        if position[axis] < sizes[axis] { break }
        from -= sizes[axis] * xStrides[axis]
        to -= sizes[axis] * yStrides[axis]
        position[axis] = 0
        axis -= 1
      }
    }
  }
}

/// Transposes a matrix whose rows lie `stride` apart, square by square; those of the result lie `targetStride` apart, or are `rows` long.
func turn(_ x: Input, rows: Int, columns: Int, stride: Int, _ y: Output, targetStride: Int? = nil) {
  let step = targetStride ?? rows
  for top in Swift.stride(from: 0, to: rows, by: 16) {
    let bottom = min(rows, top + 16)
    for left in Swift.stride(from: 0, to: columns, by: 16) {
      let right = min(columns, left + 16)
      if bottom - top == 16 && right - left == 16 {
        cblas_turn_square(x + top * stride + left, stride, y + left * step + top, step)
        continue
      }
      for column in left..<right {
        for row in top..<bottom { y[column * step + row] = x[row * stride + column] }
      }
    }
  }
}
