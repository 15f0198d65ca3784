/// The rows of a local batch by the shard they belong to: what a kernel needs to add over the batch in the fixed order.
///
/// A leaf may have several segments: after `concatenated(real, fake)` each shard has rows in both halves.
public struct ShardRows: Sendable, Equatable {
  /// `segments[l]`: the row ranges of local leaf `l`, in the order of addition.
  public let segments: [[Range<Int>]]
  /// Pushes (by local leaf) and merges that leave the sums of the owned tree nodes on the stack.
  public let steps: [ShardTree.Step]
  /// Number of sums that remain: those of `ShardPlan.nodes(in:)`.
  public let nodeCount: Int
  /// The largest height of the stack while `steps` run.
  public let stackHeight: Int
  /// Number of local rows over all segments.
  public let rowCount: Int

  /// The rows of the owned shards of a tree; `keepsShardsApart` as in `ShardPlan`.
  public init(segments: [[Range<Int>]], tree: ShardTree, owned: Range<Int>, keepsShardsApart: Bool = false) {
    precondition(segments.count == owned.count, "ShardRows: \(segments.count) leaves for \(owned.count) shards")
    self.segments = segments
    steps = keepsShardsApart ? owned.indices.map { .push($0 - owned.lowerBound) } : tree.leafSteps(in: owned)
    nodeCount = keepsShardsApart ? owned.count : tree.nodes(in: owned).count
    stackHeight = ShardTree.stackHeight(of: steps)
    rowCount = segments.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } }
  }

  private init(segments: [[Range<Int>]], like other: ShardRows) {
    self.segments = segments
    steps = other.steps
    nodeCount = other.nodeCount
    stackHeight = other.stackHeight
    rowCount = segments.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } }
  }

  /// The rows after `other`'s rows were appended below these.
  public func concatenated(with other: ShardRows) -> ShardRows {
    precondition(segments.count == other.segments.count && steps == other.steps, "ShardRows: parts belong to different shards")
    let joined = zip(segments, other.segments).map { own, added in
      own + added.map { ($0.lowerBound + rowCount)..<($0.upperBound + rowCount) }
    }
    return ShardRows(segments: joined, like: self)
  }
}
