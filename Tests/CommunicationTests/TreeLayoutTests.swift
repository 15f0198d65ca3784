import Sharding
import Testing

@testable import Communication

/// The sum over ranks without ranks: the exchanges of all of them are done in this process, by the code that MPI's ranks run.
@Suite struct TreeLayoutTests {
  /// Numbers of very different sizes, so that another order of additions shows in the bits.
  func leaf(_ shard: Int, _ element: Int) -> Float {
    let mixed = UInt64(shard &* 1_000_003 &+ element &+ 1) &* 0x9e37_79b9_7f4a_7c15
    return (Float(mixed >> 40) - 8_388_608) * (mixed & 64 == 0 ? 1e-3 : 1e3)
  }

  /// The sum over `shards` by halving at the largest power of two, written apart from `ShardTree`.
  func reference(_ shards: Range<Int>, _ element: Int) -> Float {
    if shards.count == 1 { return leaf(shards.lowerBound, element) }
    var half = 1
    while half * 2 < shards.count { half *= 2 }
    let middle = shards.lowerBound + half
    return reference(shards.lowerBound..<middle, element) + reference(middle..<shards.upperBound, element)
  }

  /// The partial sums that a rank brings, one block of `count` elements for each of its nodes.
  func partials(_ plan: ShardPlan, rank: Int, ranks: Int, count: Int) -> [Float] {
    plan.tree.nodes(in: plan.shards(ofRank: rank, of: ranks)).flatMap { node in (0..<count).map { reference(node, $0) } }
  }

  /// The index of the first element whose bits differ, or that only one of the two has.
  func difference(_ found: [Float], _ expected: [Float]) -> Int? {
    if found.count != expected.count { return min(found.count, expected.count) }
    return zip(found, expected).enumerated().first { $0.element.0.bitPattern != $0.element.1.bitPattern }?.offset
  }

  /// One evaluation of all leaves by the tree's own steps: what a single process does.
  func singleProcess(_ tree: ShardTree, _ element: Int) -> Float {
    var stack: [Float] = []
    for step in tree.leafSteps(in: 0..<tree.shardCount) {
      switch step {
      case .push(let shard): stack.append(leaf(shard, element))
      case .merge:
        let right = stack.removeLast()
        stack.append(stack.removeLast() + right)
      }
    }
    return stack[0]
  }

  @Test(arguments: 1...9) func `every number of ranks finishes the tree with the bits of one process`(shards: Int) {
    let plan = ShardPlan(batch: shards, shardCount: shards)
    // Two whole blocks and a part of one.
    let count = 2 * TreeLayout.block + 452
    let expected = (0..<count).map { singleProcess(plan.tree, $0) }
    #expect(difference(expected, (0..<count).map { reference(0..<shards, $0) }) == nil, "ShardTree against halving")
    for ranks in 1...shards {
      let layout = TreeLayout(plan: plan, ranks: ranks)
      var nodes: [Float] = []
      for rank in 0..<ranks {
        let own = partials(plan, rank: rank, ranks: ranks, count: count)
        #expect(layout.nodes(ofMember: rank) == (nodes.count / count)..<((nodes.count + own.count) / count))
        nodes += own
      }
      #expect(layout.nodeCount == nodes.count / count)
      var result = [Float](repeating: .nan, count: count + 1)
      unsafe nodes.withUnsafeBufferPointer { nodes in
        let base = nodes.baseAddress!
        unsafe result.withUnsafeMutableBufferPointer { result in
          unsafe layout.add((0..<layout.nodeCount).map { unsafe base + $0 * count }, count: count, into: [result.baseAddress!])
        }
      }
      #expect(difference(Array(result[..<count]), expected) == nil, "\(ranks) ranks")
      #expect(result[count].isNaN, "\(ranks) ranks: written beyond the \(count) sums")
    }
  }

  @Test func `sums of too few nodes trap`() async {
    await #expect(processExitsWith: .failure) {
      let result = UnsafeMutablePointer<Float>.allocate(capacity: 1)
      unsafe TreeLayout(plan: ShardPlan(batch: 2, shardCount: 2), ranks: 2).add([], count: 1, into: [result])
    }
  }

  @Test(arguments: 1...9) func `owners of slices add to the bits of one process, in place`(shards: Int) {
    let plan = ShardPlan(batch: shards, shardCount: shards)
    for ranks in 1...shards {
      let layout = TreeLayout(plan: plan, ranks: ranks)
      // The last round is short: some ranks own nothing of it.
      let rounds = SliceRounds(count: 3 * 50 * ranks + 2, ranks: ranks, slice: 50)
      let expected = (0..<rounds.count).map { reference(0..<shards, $0) }
      let sent = (0..<ranks).map { partials(plan, rank: $0, ranks: ranks, count: rounds.count) }
      var held = sent
      for round in 0..<rounds.roundCount {
        for owner in 0..<ranks {
          let slice = rounds.elements(ofRank: owner, inRound: round)
          let received = (0..<ranks).flatMap { source in
            (0..<layout.nodes(ofMember: source).count).map { node in
              let start = node * rounds.count
              return Array(sent[source][start + slice.lowerBound..<start + slice.upperBound])
            }
          }
          combine(received, layout: layout, into: &held[owner], at: slice)
        }
        for target in 0..<ranks {
          for owner in 0..<ranks where owner != target {
            let slice = rounds.elements(ofRank: owner, inRound: round)
            held[target].replaceSubrange(slice, with: held[owner][slice])
          }
        }
      }
      for rank in 0..<ranks {
        let wrong = difference(Array(held[rank].prefix(rounds.count)), expected)
        #expect(wrong == nil, "\(shards) shards, \(ranks) ranks: rank \(rank)")
      }
    }
  }

  /// Adds one slice of all nodes into `block`, whose own elements at `slice` are the first node of the owner.
  func combine(_ received: [[Float]], layout: TreeLayout, into block: inout [Float], at slice: Range<Int>) {
    let flat = received.flatMap { $0 }
    unsafe flat.withUnsafeBufferPointer { nodes in
      guard let base = nodes.baseAddress else { return }
      unsafe block.withUnsafeMutableBufferPointer { block in
        unsafe layout.add(
          (0..<layout.nodeCount).map { unsafe base + $0 * slice.count }, count: slice.count, into: [block.baseAddress! + slice.lowerBound])
      }
    }
  }

  /// All ways to cut `ranks` into hosts of one or more.
  func hostings(_ ranks: Int) -> [[Int]] {
    ranks == 0 ? [[]] : (1...ranks).flatMap { first in hostings(ranks - first).map { [first] + $0 } }
  }

  @Test(arguments: [(8, false), (8, true), (7, false), (5, true)])
  func `any number of hosts with any numbers of ranks has the bits of one process`(shards: Int, apart: Bool) {
    let plan = ShardPlan(batch: shards, shardCount: shards, keepsShardsApart: apart)
    let expected = reference(0..<shards, 0)
    for ranks in 1...shards {
      for sizes in hostings(ranks) {
        var sums: [Float] = []
        var first = 0
        for (host, size) in sizes.enumerated() {
          let layout = HostLayout(plan: plan, hostSizes: sizes, host: host)
          let nodes = (first..<first + size).flatMap { plan.nodes(in: plan.shards(ofRank: $0, of: ranks)) }
          #expect(layout.local.nodeCount == nodes.count && layout.isOneHost == (sizes.count == 1))
          #expect(layout.largestMember * size >= nodes.count)
          sums += add(nodes.map { reference($0, 0) }, layout.local)
          first += size
        }
        let global = HostLayout(plan: plan, hostSizes: sizes, host: 0).global
        #expect(add(sums, global)[0].bitPattern == expected.bitPattern, "\(shards) shards, hosts of \(sizes) ranks")
      }
    }
  }

  /// The sums of one number for each node.
  func add(_ nodes: [Float], _ layout: TreeLayout) -> [Float] {
    var sums = [Float](repeating: .nan, count: layout.sumCount)
    unsafe nodes.withUnsafeBufferPointer { nodes in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        unsafe layout.add(
          nodes.indices.map { unsafe nodes.baseAddress! + $0 }, count: 1, into: sums.indices.map { unsafe sums.baseAddress! + $0 })
      }
    }
    return sums
  }

  @Test func `halving serves balanced trees only`() {
    func isBalanced(_ shards: Int, _ sizes: [Int], apart: Bool = false) -> Bool {
      HostLayout(plan: ShardPlan(batch: shards, shardCount: shards, keepsShardsApart: apart), hostSizes: sizes, host: 0).global.isBalanced
    }
    #expect(isBalanced(8, [1, 1, 1, 1]) && isBalanced(8, [4, 4]) && isBalanced(4, [1, 1]) && isBalanced(16, [2, 2, 2, 2]))
    // A host's nodes are whole even where its ranks keep shards apart.
    #expect(isBalanced(8, [2, 2], apart: true))
    #expect(!isBalanced(8, [1, 1, 1]) && !isBalanced(8, [3, 5]) && !isBalanced(6, [1, 1]) && !isBalanced(12, [1, 1, 1, 1]))
  }

  @Test func `a sum may overwrite one of its nodes`() {
    let layout = TreeLayout(plan: ShardPlan(batch: 7, shardCount: 7), ranks: 7)
    let count = TreeLayout.block + 5
    let expected = (0..<count).map { reference(0..<7, $0) }
    for target in 0..<7 {
      var blocks = (0..<7).flatMap { shard in (0..<count).map { leaf(shard, $0) } }
      unsafe blocks.withUnsafeMutableBufferPointer { blocks in
        let base = blocks.baseAddress!
        unsafe layout.add((0..<7).map { unsafe UnsafePointer(base + $0 * count) }, count: count, into: [base + target * count])
      }
      #expect(difference(Array(blocks[target * count..<(target + 1) * count]), expected) == nil, "into node \(target)")
    }
  }

  @Test func `differences of sign, value and length are found`() {
    #expect(difference([1, 0], [1, 0]) == nil && difference([1, 0], [1, -0.0]) == 1)
    #expect(difference([1, 2], [1 + Float.ulpOfOne, 2]) == 0 && difference([1], [1, 2]) == 1)
  }

  @Test func `another order of additions would show`() {
    let found = (0..<100).filter { element in
      reference(0..<8, element) != (0..<8).reduce(0) { $0 + leaf($1, element) }
    }
    #expect(found.count > 10)
  }
}
