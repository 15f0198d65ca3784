import Kernels
import Sharding
import Testing

/// Reproducible numbers in [-1, 1), unlike the kernels' own random numbers.
func samples(_ count: Int, seed: UInt64 = 1) -> [Float] {
  var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(state >> 40) * 0x1p-23 - 1
  }
}

/// Whole numbers in -4...4, whose sums of products are exact in any order.
func integers(_ count: Int, seed: UInt64 = 1) -> [Float] { samples(count, seed: seed).map { ($0 * 4).rounded() } }

/// The result of a kernel that fills `count` numbers; what it leaves untouched is NaN.
@safe func output(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
  var result = [Float](repeating: .nan, count: count)
  unsafe result.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress!) }
  return result
}

/// Index of the first number whose bits differ from the expected ones, or that is NaN (which `output` leaves where nothing was written), or
/// where one list ends before the other.
func firstDifference(_ found: [Float], _ expected: [Float]) -> Int? {
  if let index = zip(found, expected).enumerated().first(where: { $1.0.bitPattern != $1.1.bitPattern || $1.0.isNaN })?.offset {
    return index
  }
  return found.count == expected.count ? nil : min(found.count, expected.count)
}

/// Expects the same bits, and names the first difference: comparing long lists by `==` prints them, which takes minutes.
func expectSame(_ found: [Float], _ expected: [Float], _ note: String = "", at location: SourceLocation = #_sourceLocation) {
  if let index = firstDifference(found, expected) {
    Issue.record(
      """
      \(note) element \(index): \(found.dropFirst(index).first.debugDescription) instead of \(expected.dropFirst(index).first.debugDescription), \
      \(found.count) numbers, \(expected.count) expected
      """,
      sourceLocation: location)
  }
}

/// Largest difference divided by the largest expected magnitude (at least 1e-30); infinite where a number is NaN or the counts differ.
func relativeDifference(_ found: [Float], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  var difference = 0.0
  var scale = 1e-30
  for (f, e) in zip(found, expected) {
    if f.isNaN { return .infinity }
    difference = max(difference, abs(Double(f) - e))
    scale = max(scale, abs(e))
  }
  return difference / scale
}

/// Sums of `count` products in Float differ from those in Double by a few roundings each: 1e-5 holds up to some thousand terms.
func expectClose(
  _ found: [Float], _ expected: [Double], within tolerance: Double = 1e-5, _ note: String = "",
  at location: SourceLocation = #_sourceLocation
) {
  let difference = relativeDifference(found, expected)
  let worst = zip(found, expected).enumerated().max { abs(Double($0.1.0) - $0.1.1) < abs(Double($1.1.0) - $1.1.1) }
  #expect(
    difference <= tolerance, "\(note) relative difference \(difference), worst \(String(describing: worst))", sourceLocation: location)
}

/// `op(A) op(B)` in Double, from offsets on.
func product(
  _ a: [Float], _ aStart: Int, _ b: [Float], _ bStart: Int, _ m: Int, _ n: Int, _ k: Int, _ transposeA: Bool, _ transposeB: Bool
) -> [Double] {
  (0..<m * n).map { index in
    let (i, j) = (index / n, index % n)
    return (0..<k).reduce(0.0) {
      $0 + Double(a[aStart + (transposeA ? $1 * m + i : i * k + $1)]) * Double(b[bStart + (transposeB ? j * k + $1 : $1 * n + j)])
    }
  }
}

/// The rows of ranks `0..<ranks` under a plan, each numbering its own from 0, with the global number of the first and the tree nodes owned.
func rankRows(batch: Int, shards: Int, ranks: Int) -> [(first: Int, rows: ShardRows, nodes: [Range<Int>])] {
  let plan = ShardPlan(batch: batch, shardCount: shards)
  return (0..<ranks).map { rank in
    let owned = plan.shards(ofRank: rank, of: ranks)
    let first = plan.samples(ofRank: rank, of: ranks).lowerBound
    let segments = owned.map { shard in
      let range = plan.samples(ofShard: shard)
      return [(range.lowerBound - first)..<(range.upperBound - first)]
    }
    return (first, ShardRows(segments: segments, tree: plan.tree, owned: owned), plan.tree.nodes(in: owned))
  }
}

/// `rankRows` after each rank appended the same rows of a second batch below those of the first, so that leaves have two segments; the
/// rank's numbers are those of `gathered(a, b, part, size)`.
func concatenatedRankRows(batch: Int, shards: Int, ranks: Int) -> [(first: Int, rows: ShardRows, nodes: [Range<Int>])] {
  rankRows(batch: batch, shards: shards, ranks: ranks).map { ($0.first, $0.rows.concatenated(with: $0.rows), $0.nodes) }
}

/// What a rank of `concatenatedRankRows` holds of two batches with `size` numbers per sample.
func gathered(_ a: [Float], _ b: [Float], _ part: (first: Int, rows: ShardRows, nodes: [Range<Int>]), _ size: Int) -> [Float] {
  let own = (part.first * size)..<((part.first + part.rows.rowCount / 2) * size)
  return Array(a[own]) + Array(b[own])
}

/// A tree's root sum in Float, written anew from the rule: a node over n leaves splits at the largest power of two below n.
func treeSum(_ leaves: ArraySlice<Float>) -> Float {
  if leaves.count == 1 { return leaves.first! }
  var half = 1
  while 2 * half < leaves.count { half *= 2 }
  let middle = leaves.startIndex + half
  return treeSum(leaves[..<middle]) + treeSum(leaves[middle...])
}

/// The root sum from all ranks' nodes, by the tree.
func root(_ nodes: [(values: [Float], ranges: [Range<Int>])], shards: Int, size: Int) -> [Float] {
  let tree = ShardTree(shardCount: shards)
  let ranges = nodes.flatMap(\.ranges)
  let all = nodes.flatMap(\.values)
  return output(size) { y in
    unsafe all.withUnsafeBufferPointer { buffer in
      let partials = unsafe (0..<ranges.count).map { unsafe buffer.baseAddress! + $0 * size }
      unsafe combine(partials, steps: tree.rootSteps(of: ranges), count: size, into: y)
    }
  }
}

@Test func `the measure of difference fails on a wrong number, a NaN and a wrong count`() {
  #expect(relativeDifference([1, 2], [1, 2]) == 0)
  #expect(relativeDifference([1, 2.1], [1, 2]) > 1e-2)
  #expect(relativeDifference([1, .nan], [1, 2]) == .infinity)
  #expect(relativeDifference([1], [1, 2]) == .infinity)
}

@Test func `the search for a difference finds wrong bits, a NaN and a missing number`() {
  #expect(firstDifference([1, 2], [1, 2]) == nil)
  #expect(firstDifference([1, 2], [1, 3]) == 1)
  #expect(firstDifference([0, 2], [-0.0, 2]) == 0)
  #expect(firstDifference([1, .nan], [1, .nan]) == 1)
  #expect(firstDifference([1, 2], [1]) == 1 && firstDifference([], [1]) == 0)
}

/// Tests that set the number of threads run one after another.
@Suite(.serialized) struct ThreadCounts {}

/// Runs `body` with one, then thrice with two threads and expects equal bits: a test that runs beside this one may hold the pool, in which
/// case `body` finds itself on one thread again.
func expectSameBitsOnAnyThreads(_ note: String = "", at location: SourceLocation = #_sourceLocation, _ body: () -> [Float]) {
  Workers.start(threads: 1)
  let one = body()
  Workers.start(threads: 2)
  for _ in 0..<3 {
    expectSame(body(), one, "\(note), two threads against one", at: location)
  }
  #expect(!one.isEmpty, "\(note): no result", sourceLocation: location)
}
