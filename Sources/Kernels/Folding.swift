import COpenBLAS
public import Sharding

/// Runs the addition steps of a shard tree over blocks of `size` numbers.
///
/// `leaf(l, block)` writes the partial sum of local leaf `l`; `finish(node, sum)` receives each sum that remains, in order.
/// `memory` holds `stackHeight * size` numbers.
@inline(__always)
func foldTree(
  _ steps: [ShardTree.Step], size: Int, memory: Output, leaf: (Int, Output) -> Void, finish: (Int, Input) -> Void
) {
  var height = 0
  for step in steps {
    switch step {
    case .push(let index):
      leaf(index, memory + height * size)
      height += 1
    case .merge:
      let right = memory + (height - 1) * size
      let left = memory + (height - 2) * size
      for i in 0..<size { left[i] += right[i] }
      height -= 1
    }
  }
  for node in 0..<height { finish(node, memory + node * size) }
}

/// `foldTree` over leaves' sums that are there: `size` numbers each, `step` apart.
@inline(__always)
func foldLeaves(_ rows: ShardRows, _ sums: Input, step: Int, size: Int, memory: Output, finish: (Int, Input) -> Void) {
  foldTree(rows.steps, size: size, memory: memory) { leaf, sum in
    sum.update(from: sums + leaf * step, count: size)
  } finish: { node, sum in
    finish(node, sum)
  }
}

/// Sums of rows over the batch: `y` is `[nodeCount, rowSize]`.
///
/// Each leaf's rows are added in order, segment by segment, in Double and rounded once; the leaves are added by `rows.steps`.
public func foldRows(_ x: Input, rowSize: Int, rows: ShardRows, _ y: Output) {
  let block = 1024
  let elements = rows.rowCount * rowSize
  let body = { (range: Range<Int>) in
    let size = range.count
    withScratch(rows.stackHeight * size) { memory in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: size) { sums in
        foldTree(rows.steps, size: size, memory: memory) { leaf, partial in
          for i in 0..<size { sums[i] = 0 }
          for segment in rows.segments[leaf] {
            for row in segment {
              let source = x + row * rowSize + range.lowerBound
              for i in 0..<size { sums[i] += Double(source[i]) }
            }
          }
          for i in 0..<size { partial[i] = Float(sums[i]) }
        } finish: { node, sum in
          (y + node * rowSize + range.lowerBound).update(from: sum, count: size)
        }
      }
    }
  }
  if elements <= threadingGrain {
    var start = 0
    while start < rowSize {
      body(start..<min(rowSize, start + block))
      start += block
    }
  } else {
    Workers.forRanges(rowSize, grain: block, body)
  }
}

/// Adds partial sums of `count` numbers by the steps of a tree, of which one sum remains, in `y`.
///
/// Works block by block, so that the stack stays in cache; `y` may be one of the partials.
public func combine(_ partials: [Input], steps: [ShardTree.Step], count: Int, into y: Output) {
  let height = ShardTree.stackHeight(of: steps)
  let block = 1024
  Workers.forRanges(count, grain: 16 * block) { range in
    withScratch(height * block) { memory in
      var start = range.lowerBound
      while start < range.upperBound {
        let size = min(block, range.upperBound - start)
        foldTree(steps, size: size, memory: memory) { index, partial in
          partial.update(from: partials[index] + start, count: size)
        } finish: { _, sum in
          (y + start).update(from: sum, count: size)
        }
        start += size
      }
    }
  }
}

/// The sum of squares of all elements, in Double: sums of fixed blocks of 4096, added by a fixed binary tree.
public func sumOfSquares(_ x: Input, _ count: Int) -> Double {
  if count <= 0 { return 0 }
  let block = 4096
  let blocks = (count + block - 1) / block
  return withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { partials in
    let memory = partials.baseAddress!
    Workers.forRanges(blocks, grain: 8) { range in
      for index in range {
        let start = index * block
        memory[index] = sumDouble(min(block, count - start)) { offset, length in
          let lane = length == 16 ? x.lane(start + offset) : x.lane(start + offset, count: length)
          let (low, high) = doubles(lane)
          return (low * low, high * high)
        }
      }
    }
    var width = 1
    while width < blocks {
      var index = 0
      while index + width < blocks {
        memory[index] += memory[index + width]
        index += 2 * width
      }
      width *= 2
    }
    return memory[0]
  }
}

/// Adds `count` terms in Double, sixteen at a time in a fixed order; `terms(offset, length)` gives the terms from `offset` on, zeros
/// beyond `length`.
@inline(__always)
func sumDouble(_ count: Int, _ terms: (Int, Int) -> (SIMD8<Double>, SIMD8<Double>)) -> Double {
  var low = SIMD8<Double>.zero
  var high = SIMD8<Double>.zero
  var i = 0
  while i + 16 <= count {
    let (a, b) = terms(i, 16)
    low += a
    high += b
    i += 16
  }
  if i < count {
    let (a, b) = terms(i, count - i)
    low += a
    high += b
  }
  return (low + high).sum()
}

/// A lane in double precision.
@inline(__always)
func doubles(_ lane: Lane) -> (SIMD8<Double>, SIMD8<Double>) { (cblas_low_doubles(lane), cblas_high_doubles(lane)) }
