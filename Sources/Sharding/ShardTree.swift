/// The one binary tree by which sums over the batch are added, whatever the number of ranks.
///
/// Its leaves are the virtual shards `0..<shardCount`. A node over `length` shards splits at the largest power of two below `length`,
/// so every node is an aligned block and only the last one of a level may be shorter. A rank that owns a run of shards adds up the
/// maximal nodes inside its run; whoever holds all nodes of all ranks finishes the tree. Each sum `left + right` is therefore the same
/// floating-point operation on any number of ranks.
public struct ShardTree: Sendable, Equatable {
  /// Number of leaves V of the whole tree.
  public let shardCount: Int

  /// A tree over `shardCount` shards.
  public init(shardCount: Int) {
    precondition(shardCount > 0, "ShardTree: shardCount is \(shardCount), must be at least 1")
    self.shardCount = shardCount
  }

  /// One step of the addition, for a machine with a stack of partial sums.
  public enum Step: Sendable, Equatable {
    /// Push the partial sum with this index (of a leaf or of a node, in order).
    case push(Int)
    /// Pop `right`, then `left`; push `left + right`.
    case merge
  }

  /// Where a node over `range` splits: `range.lowerBound + ` the largest power of two below its length.
  static func split(_ range: Range<Int>) -> Int {
    precondition(range.count > 1, "ShardTree: a node of \(range.count) shards has no split")
    var half = 1
    while half * 2 < range.count { half *= 2 }
    return range.lowerBound + half
  }

  /// The maximal tree nodes inside `owned`, in order; at most `2 log2 V` of them.
  public func nodes(in owned: Range<Int>) -> [Range<Int>] {
    precondition(owned.lowerBound >= 0 && owned.upperBound <= shardCount, "ShardTree: shards \(owned) outside 0..<\(shardCount)")
    var found: [Range<Int>] = []
    func visit(_ node: Range<Int>) {
      if owned.lowerBound <= node.lowerBound && node.upperBound <= owned.upperBound {
        found.append(node)
      } else if node.overlaps(owned) {
        let middle = Self.split(node)
        visit(node.lowerBound..<middle)
        visit(middle..<node.upperBound)
      }
    }
    if !owned.isEmpty { visit(0..<shardCount) }
    return found
  }

  /// The steps that add the leaves of `owned` (numbered from 0 in order) to the sums of its maximal nodes, which remain on the stack
  /// in order.
  public func leafSteps(in owned: Range<Int>) -> [Step] {
    var steps: [Step] = []
    func visit(_ node: Range<Int>) {
      if node.count == 1 {
        steps.append(.push(node.lowerBound - owned.lowerBound))
      } else {
        let middle = Self.split(node)
        visit(node.lowerBound..<middle)
        visit(middle..<node.upperBound)
        steps.append(.merge)
      }
    }
    for node in nodes(in: owned) { visit(node) }
    return steps
  }

  /// The steps that add nodes, given in order and covering all shards, to the one root sum.
  ///
  /// - Precondition: `nodes` are nodes of this tree, adjacent, from shard 0 to `shardCount`.
  public func rootSteps(of nodes: [Range<Int>]) -> [Step] { steps(from: nodes, to: [0..<shardCount]) }

  /// The steps that add nodes to the larger nodes they make up, whose sums remain on the stack in order: the nodes of a host's ranks to
  /// the host's, those of all hosts to the root.
  ///
  /// - Precondition: `nodes` and `sums` are nodes of this tree, each list adjacent and in order, over the same shards.
  public func steps(from nodes: [Range<Int>], to sums: [Range<Int>]) -> [Step] {
    var steps: [Step] = []
    var next = 0
    func visit(_ node: Range<Int>) {
      precondition(next < nodes.count, "ShardTree: nodes \(nodes) do not cover \(node)")
      if nodes[next] == node {
        steps.append(.push(next))
        next += 1
      } else {
        precondition(node.count > 1, "ShardTree: \(nodes[next]) is not a node within \(sums)")
        let middle = Self.split(node)
        visit(node.lowerBound..<middle)
        visit(middle..<node.upperBound)
        steps.append(.merge)
      }
    }
    for sum in sums { visit(sum) }
    precondition(next == nodes.count, "ShardTree: nodes \(nodes) reach beyond \(sums)")
    return steps
  }

  /// The largest height of the stack while `steps` run.
  public static func stackHeight(of steps: [Step]) -> Int {
    var height = 0
    var highest = 0
    for step in steps {
      switch step {
      case .push: height += 1
      case .merge: height -= 1
      }
      highest = max(highest, height)
    }
    return highest
  }
}
