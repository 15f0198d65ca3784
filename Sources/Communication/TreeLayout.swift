internal import Sharding

/// Which partial sums each rank brings to a shard tree, and how they are added to the root. Knows no MPI.
struct TreeLayout {
  /// Index of each rank's first node among the nodes of all ranks; one more entry than ranks, the last being `nodeCount`.
  let firstNode: [Int]
  /// Number of nodes of all ranks.
  let nodeCount: Int
  /// Pushes of nodes and merges that leave the root.
  let steps: [ShardTree.Step]
  /// The largest height of the stack while `steps` run.
  let stackHeight: Int

  /// Elements added at a time: operands, intermediate sums and result of one block stay in the first-level cache.
  static let block = 1024

  init(plan: ShardPlan, ranks: Int) {
    var nodes: [Range<Int>] = []
    var firstNode = [0]
    for rank in 0..<ranks {
      nodes += plan.tree.nodes(in: plan.shards(ofRank: rank, of: ranks))
      firstNode.append(nodes.count)
    }
    self.firstNode = firstNode
    nodeCount = nodes.count
    steps = plan.tree.rootSteps(of: nodes)
    stackHeight = ShardTree.stackHeight(of: steps)
  }

  /// Indices of the nodes of one rank among the nodes of all ranks.
  func nodes(ofRank rank: Int) -> Range<Int> { firstNode[rank]..<firstNode[rank + 1] }

  /// Adds the same `count` elements of all nodes to the root.
  ///
  /// - Parameters:
  ///   - nodes: the elements of each node, `nodeCount` pointers.
  ///   - result: receives the sums; may be one of `nodes`, since every element is read before its sum is written.
  func add(_ nodes: [UnsafePointer<Float>], count: Int, into result: UnsafeMutablePointer<Float>) {
    precondition(unsafe nodes.count == nodeCount, "TreeLayout: sums of \(unsafe nodes.count) nodes, the tree has \(nodeCount)")
    if nodeCount == 1 {
      if unsafe UnsafePointer(result) != nodes[0] { unsafe result.update(from: nodes[0], count: count) }
      return
    }
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: stackHeight * Self.block) { scratch in
      var stack: [UnsafePointer<Float>] = unsafe []
      unsafe stack.reserveCapacity(stackHeight)
      for start in stride(from: 0, to: count, by: Self.block) {
        let length = min(Self.block, count - start)
        for (index, step) in steps.enumerated() {
          switch step {
          case .push(let node):
            unsafe stack.append(nodes[node] + start)
          case .merge:
            let right = unsafe stack.removeLast()
            let left = unsafe stack.removeLast()
            let isRoot = index == steps.count - 1
            // A sum at height h lives in row h of the scratch, where at most its own left operand can be.
            let sum = unsafe isRoot ? result + start : scratch.baseAddress! + stack.count * Self.block
            for element in 0..<length { unsafe sum[element] = left[element] + right[element] }
            unsafe stack.append(UnsafePointer(sum))
          }
        }
        unsafe stack.removeLast()
      }
    }
  }
}
