import Sharding
import Testing

@Suite struct ShardTreeTests {
  /// Runs `steps` on symbolic partial sums, so that the order of additions shows.
  func evaluate(_ steps: [ShardTree.Step], _ values: [String]) -> [String] {
    var stack: [String] = []
    for step in steps {
      switch step {
      case .push(let index): stack.append(values[index])
      case .merge:
        let right = stack.removeLast()
        let left = stack.removeLast()
        stack.append("(\(left)+\(right))")
      }
    }
    return stack
  }

  @Test(arguments: 1...17) func `every number of ranks adds the shards in the same order`(shards: Int) {
    let plan = ShardPlan(batch: shards * 3 + 1, shardCount: shards)
    let names = (0..<shards).map(String.init)
    let whole = evaluate(plan.tree.leafSteps(in: 0..<shards), names)
    #expect(whole.count == 1)
    for ranks in 1...shards {
      var nodes: [Range<Int>] = []
      var sums: [String] = []
      for rank in 0..<ranks {
        let owned = plan.shards(ofRank: rank, of: ranks)
        nodes += plan.tree.nodes(in: owned)
        sums += evaluate(plan.tree.leafSteps(in: owned), Array(names[owned]))
      }
      #expect(evaluate(plan.tree.rootSteps(of: nodes), sums) == whole, "\(shards) shards, \(ranks) ranks")
    }
  }

  @Test func `six shards split at four`() {
    #expect(evaluate(ShardTree(shardCount: 6).leafSteps(in: 0..<6), ["a", "b", "c", "d", "e", "f"]) == ["(((a+b)+(c+d))+(e+f))"])
    #expect(ShardTree(shardCount: 8).nodes(in: 2..<5) == [2..<4, 4..<5])
  }

  @Test(arguments: [(13, 8), (8, 8), (50, 8), (7, 3)]) func `ranks partition the batch`(batch: Int, shards: Int) {
    let plan = ShardPlan(batch: batch, shardCount: shards)
    for ranks in 1...shards {
      var next = 0
      for rank in 0..<ranks {
        let samples = plan.samples(ofRank: rank, of: ranks)
        #expect(samples.lowerBound == next && !samples.isEmpty)
        next = samples.upperBound
      }
      #expect(next == batch)
    }
  }

  @Test func `concatenation keeps each shard's rows together`() {
    let tree = ShardTree(shardCount: 2)
    let rows = ShardRows(segments: [[0..<2], [2..<5]], tree: tree, owned: 0..<2)
    let both = rows.concatenated(with: rows)
    #expect(both.segments == [[0..<2, 5..<7], [2..<5, 7..<10]])
    #expect(both.rowCount == 10 && both.nodeCount == 1)
  }
}
