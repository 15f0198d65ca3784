import Kernels
import Sharding
import Testing

@Test func `the sum of squares is that of Double for any count`() {
  for count in [0, 1, 15, 16, 4096, 4097, 20_000, 100_001] {
    let x = samples(count)
    let expected = x.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(unsafe abs(sumOfSquares(x, count) - expected) <= 1e-12 * (1 + expected))
  }
}

@Test func `folded rows are sums over each tree node, the same on any number of ranks`() {
  for (batch, shards, width) in [(7, 5, 3), (8, 8, 2500), (1, 1, 5), (30, 6, 1100)] {
    let x = samples(batch * width)
    func fold(_ ranks: Int) -> [Float] {
      root(
        rankRows(batch: batch, shards: shards, ranks: ranks).map { part in
          (
            output(part.rows.nodeCount * width) { unsafe foldRows(Array(x[(part.first * width)...]), rowSize: width, rows: part.rows, $0) },
            part.nodes
          )
        }, shards: shards, size: width)
    }
    let expected = (0..<width).map { c in (0..<batch).reduce(0.0) { $0 + Double(x[$1 * width + c]) } }
    let one = fold(1)
    expectClose(one, expected, within: 1e-6)
    for ranks in 1...shards { expectSame(fold(ranks), one) }
  }
}

@Test func `a leaf of two segments sums the rows of both`() {
  let x: [Float] = [1, 10, 100, 1000]
  let rows = ShardRows(segments: [[0..<1, 2..<3], [1..<2, 3..<4]], tree: ShardTree(shardCount: 3), owned: 1..<3)
  #expect(rows.nodeCount == 2)
  #expect(output(2) { unsafe foldRows(x, rowSize: 1, rows: rows, $0) } == [101, 1010])
}

@Test func `combination follows the steps of the tree`() {
  // (a + b) + c and a + (b + c) differ here.
  let a: [Float] = [1e8], b: [Float] = [-1e8], c: [Float] = [1]
  unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      unsafe c.withUnsafeBufferPointer { c in
        let parts = unsafe [a.baseAddress!, b.baseAddress!, c.baseAddress!]
        #expect(output(1) { unsafe combine(parts, steps: [.push(0), .push(1), .merge, .push(2), .merge], count: 1, into: $0) } == [1])
        #expect(output(1) { unsafe combine(parts, steps: [.push(0), .push(1), .push(2), .merge, .merge], count: 1, into: $0) } == [0])
      }
    }
  }
}

@Test func `rows of a leaf are added in Double and leaves in Float by the tree`() {
  let (batch, shards, width) = (30, 6, 1100)
  let x = samples(batch * width)
  let part = rankRows(batch: batch, shards: shards, ranks: 1)[0]
  let found = output(width) { unsafe foldRows(x, rowSize: width, rows: part.rows, $0) }
  let expected = (0..<width).map { column in
    treeSum(part.rows.segments.map { leaf in Float(leaf[0].reduce(0.0) { $0 + Double(x[$1 * width + column]) }) }[...])
  }
  expectSame(found, expected)
}

@Test func `folded rows of two batches are the same on any number of ranks`() {
  for (batch, shards, width) in [(7, 5, 3), (20, 6, 1100)] {
    let a = samples(batch * width), b = samples(batch * width, seed: 2)
    func fold(_ ranks: Int) -> [Float] {
      root(
        concatenatedRankRows(batch: batch, shards: shards, ranks: ranks).map { part in
          (
            output(part.rows.nodeCount * width) { unsafe foldRows(gathered(a, b, part, width), rowSize: width, rows: part.rows, $0) },
            part.nodes
          )
        }, shards: shards, size: width)
    }
    let one = fold(1)
    expectClose(one, (0..<width).map { c in (0..<batch).reduce(0.0) { $0 + Double(a[$1 * width + c]) + Double(b[$1 * width + c]) } })
    for ranks in 2...shards { expectSame(fold(ranks), one, "\(ranks) ranks") }
  }
}

@Test func `a leaf without rows folds to zero`() {
  let rows = ShardRows(segments: [[0..<1], [1..<2], []], tree: ShardTree(shardCount: 4), owned: 0..<3)
  #expect(output(4) { unsafe foldRows([1, 2, 3, 4], rowSize: 2, rows: rows, $0) } == [4, 6, 0, 0])
}

@Test func `combination of long sums works in place`() {
  // More numbers than one task takes, and no multiple of a block.
  let count = 40_003
  var parts = (0..<5).map { samples(count, seed: UInt64($0 + 1)) }.flatMap(\.self)
  let expected = (0..<count).map { index in treeSum((0..<5).map { parts[$0 * count + index] }[...]) }
  let steps = ShardTree(shardCount: 5).leafSteps(in: 0..<5)
  unsafe parts.withUnsafeMutableBufferPointer { buffer in
    let base = buffer.baseAddress!
    let partials = unsafe (0..<5).map { unsafe UnsafePointer(base + $0 * count) }
    unsafe combine(partials, steps: steps, count: count, into: base + 3 * count)
  }
  expectSame(Array(parts[(3 * count)..<(4 * count)]), expected)
}
