import Sharding
import Testing

@testable import Communication

/// The arithmetic of a sum over ranks, without MPI.
@Suite struct TreeSumTests {
  /// Numbers of very different sizes, so that another order of additions shows in the bits.
  static func leaf(_ shard: Int, _ element: Int) -> Float {
    let mixed = UInt64(shard &* 1_000_003 &+ element &+ 1) &* 0x9e37_79b9_7f4a_7c15
    return (Float(mixed >> 40) - 8_388_608) * (mixed & 64 == 0 ? 1e-3 : 1e3)
  }

  static func sums(_ steps: [ShardTree.Step], _ leaf: (Int) -> Float) -> [Float] {
    var stack: [Float] = []
    for step in steps {
      switch step {
      case .push(let index): stack.append(leaf(index))
      case .merge:
        let right = stack.removeLast()
        stack.append(stack.removeLast() + right)
      }
    }
    return stack
  }

  @Test(arguments: 1...9) func `every number of ranks finishes the tree with the same bits`(shards: Int) {
    let plan = ShardPlan(batch: shards, shardCount: shards)
    let count = 2500
    let expected = (0..<count).map { element in Self.sums(plan.tree.leafSteps(in: 0..<shards)) { Self.leaf($0, element) }[0] }
    for ranks in 1...shards {
      let layout = TreeLayout(plan: plan, ranks: ranks)
      var nodes: [[Float]] = []
      for rank in 0..<ranks {
        let owned = plan.shards(ofRank: rank, of: ranks)
        #expect(layout.nodes(ofRank: rank) == nodes.count..<(nodes.count + plan.tree.nodes(in: owned).count))
        let columns = (0..<count).map { element in
          Self.sums(plan.tree.leafSteps(in: owned)) { Self.leaf(owned.lowerBound + $0, element) }
        }
        for node in columns[0].indices { nodes.append(columns.map { $0[node] }) }
      }
      // One block after the other, so that the result can be one of the operands.
      var memory = nodes.flatMap { $0 }
      unsafe memory.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        unsafe layout.add(nodes.indices.map { unsafe UnsafePointer(base + $0 * count) }, count: count, into: base)
      }
      #expect(Array(memory[..<count]) == expected, "\(ranks) ranks")
    }
  }

  @Test(arguments: [1, 2, 3, 5, 8], [1, 7, 1000, 262_144 * 3 + 11]) func `slices cover every element once`(ranks: Int, count: Int) {
    let rounds = SliceRounds(count: count, ranks: ranks)
    var next = 0
    for round in 0..<rounds.roundCount {
      let all = rounds.elements(ofRound: round)
      #expect(all.lowerBound == next)
      for rank in 0..<ranks {
        let own = rounds.elements(ofRank: rank, inRound: round)
        #expect(own.lowerBound == next)
        next = own.upperBound
      }
      #expect(all.upperBound == next)
    }
    #expect(next == count)
  }
}
