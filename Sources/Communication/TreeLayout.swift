internal import CStreaming
internal import Sharding

/// Which partial sums each member (a rank, or a host) brings to a shard tree, and how they are added. Knows no MPI.
struct TreeLayout {
  /// Index of each member's first node among the nodes of all; one more entry than members, the last being `nodeCount`.
  let firstNode: [Int]
  /// Number of nodes of all members.
  let nodeCount: Int
  /// Number of sums that remain: 1 for the root, or the nodes of a host.
  let sumCount: Int
  /// Pushes of nodes and merges that leave the sums.
  let steps: [ShardTree.Step]
  /// The largest height of the stack while `steps` run.
  let stackHeight: Int

  /// Elements added at a time: operands, intermediate sums and result of one block stay in the first-level cache.
  static let block = 1024

  /// Members with these nodes, added to the nodes `sums`.
  init(tree: ShardTree, members: [[Range<Int>]], sums: [Range<Int>]) {
    firstNode = members.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
    let nodes = members.flatMap { $0 }
    nodeCount = nodes.count
    sumCount = sums.count
    steps = tree.steps(from: nodes, to: sums)
    stackHeight = ShardTree.stackHeight(of: steps)
    let arePairs = nodes.count == members.count && sums.count == 1 && nodes.count & (nodes.count - 1) == 0
    isBalanced = arePairs && steps == ShardTree(shardCount: nodes.count).leafSteps(in: nodes.indices)
  }

  /// The ranks of a run, added to the root.
  init(plan: ShardPlan, ranks: Int) {
    let members = (0..<ranks).map { plan.nodes(in: plan.shards(ofRank: $0, of: ranks)) }
    self.init(tree: plan.tree, members: members, sums: [0..<plan.shardCount])
  }

  /// Indices of the nodes of one member among the nodes of all.
  func nodes(ofMember member: Int) -> Range<Int> { firstNode[member]..<firstNode[member + 1] }

  /// Whether the members pair up as recursive halving needs: a power of two of them, one node each, merged in a balanced tree.
  let isBalanced: Bool

  /// Adds the same `count` elements of all nodes to the sums.
  ///
  /// - Parameters:
  ///   - nodes: the elements of each node, `nodeCount` pointers.
  ///   - results: receive the sums, `sumCount` pointers. A lone one may be one of `nodes`, since every element is read before its sum is
  ///     written; several may not.
  ///   - streams: whether a lone sum is written past the caches; it then begins on a boundary of 64 bytes and is none of `nodes`.
  func add(_ nodes: [UnsafePointer<Float>], count: Int, into results: [UnsafeMutablePointer<Float>], streams: Bool = false) {
    precondition(unsafe nodes.count == nodeCount, "TreeLayout: sums of \(unsafe nodes.count) nodes, the tree has \(nodeCount)")
    precondition(unsafe results.count == sumCount, "TreeLayout: \(unsafe results.count) results for \(sumCount) sums")
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
            let isLast = unsafe index == steps.count - 1 && stack.isEmpty
            // A sum at height h lives in row h of the scratch, where at most its own left operand can be.
            let sum = unsafe isLast ? results[0] + start : scratch.baseAddress! + stack.count * Self.block
            unsafe cstreaming_add(left, right, sum, length, isLast && streams)
            unsafe stack.append(UnsafePointer(sum))
          }
        }
        for unsafe(sum, result) in unsafe zip(stack, results) where unsafe sum != UnsafePointer(result + start) {
          unsafe (result + start).update(from: sum, count: length)
        }
        unsafe stack.removeAll(keepingCapacity: true)
      }
    }
    if streams { cstreaming_finish() }
  }
}
