public import Sharding

/// The global batch, seen from below: which shards this process owns, and how sums cross processes.
///
/// `Training` adapts a `Communicator` to it; `WholeBatch` is the group of a single process.
public protocol BatchGroup: AnyObject {
  /// How the global batch is cut into shards.
  var plan: ShardPlan { get }
  /// The shards this process owns.
  var ownedShards: Range<Int> { get }

  /// Adds partial sums over all processes in the order of `plan.tree`; not called in a group of one process.
  ///
  /// - Parameters:
  ///   - partials: one block of `count` floats for each of `nodes`, in order.
  ///   - count: floats of one block.
  ///   - result: `count` floats, the same bits on every process; may be `partials`.
  func sum(_ partials: UnsafeMutablePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>)

  /// The same for a long sum that is wanted later: it may travel while this process computes. Not called in a group of one process.
  /// - Returns: where the sum will be among the long sums.
  func send(_ partials: UnsafePointer<Float>, count: Int) -> Range<Int>

  /// The same; partial sums in memory of `partialsPool` are read where they are.
  /// - Parameters:
  ///   - partials: one block of `count` floats for each of `nodes`, in order.
  ///   - count: floats of one block.
  ///   - owner: keeps them alive, unchanged, until the group lets go of it.
  func send(_ partials: UnsafePointer<Float>, count: Int, keeping owner: AnyObject) -> Range<Int>

  /// Memory for partial sums that need not be copied when they are sent; nil where all are copied.
  func partialsPool() -> PartialsPool?

  /// Sends off what was held back for more to come.
  func flushLongSums()

  /// All long sums sent since the last were forgotten; waits for them.
  func longSums() -> UnsafePointer<Float>

  /// The long sums, of which those at `places` are there; waits for these alone.
  func longSums(at places: Range<Int>) -> UnsafePointer<Float>

  /// Says that `count` floats of the long sums have been read. They may be overwritten when none of another gradient is unread.
  func forgetLongSums(count: Int)
}

extension BatchGroup {
  public func send(_ partials: UnsafePointer<Float>, count: Int, keeping owner: AnyObject) -> Range<Int> {
    unsafe send(partials, count: count)
  }

  public func partialsPool() -> PartialsPool? { nil }

  public func longSums(at places: Range<Int>) -> UnsafePointer<Float> { unsafe longSums() }

  /// The tree nodes whose partial sums this process brings.
  public var nodes: [Range<Int>] { plan.nodes(in: ownedShards) }

  /// Whether this process owns every shard.
  public var isAlone: Bool { ownedShards.count == plan.shardCount }

  /// Whether partial sums are not yet the root sum.
  var needsSum: Bool { !isAlone || plan.keepsShardsApart }
}

/// The group of one process that owns every shard.
public final class WholeBatch: BatchGroup {
  public let plan: ShardPlan

  /// All shards of `plan` in this process.
  public init(plan: ShardPlan) { self.plan = plan }

  public var ownedShards: Range<Int> { 0..<plan.shardCount }

  public func sum(_ partials: UnsafeMutablePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>) { alone() }
  public func send(_ partials: UnsafePointer<Float>, count: Int) -> Range<Int> { alone() }
  public func flushLongSums() { alone() }
  public func longSums() -> UnsafePointer<Float> { alone() }
  public func forgetLongSums(count: Int) { alone() }

  private func alone() -> Never { preconditionFailure("WholeBatch: one process has nothing to add over processes") }
}

/// Which rows of a tensor belong to which shard of the global batch.
///
/// A tensor with a layout is *sharded*: its axis 0 runs over the samples this process owns. A tensor without one is *replicated*: every
/// process holds the same bits. The engine follows from this which sums must cross processes, so losses and layers are written as for
/// one process with the whole batch.
public final class BatchLayout {
  /// The processes that share the batch.
  public let group: any BatchGroup
  /// Local rows by shard.
  public let rows: ShardRows
  /// Rows over all processes: what a mean over the batch divides by.
  public let globalCount: Int
  /// Global sample index of local row 0, for random numbers keyed by sample; parts of a concatenation count on.
  public let firstSample: Int

  /// The samples of the shards that `group` owns, in order.
  public init(_ group: any BatchGroup) {
    self.group = group
    let plan = group.plan
    let first = plan.samples(ofShard: group.ownedShards.lowerBound).lowerBound
    let segments = group.ownedShards.map { shard in
      let samples = plan.samples(ofShard: shard)
      return [(samples.lowerBound - first)..<(samples.upperBound - first)]
    }
    rows = ShardRows(segments: segments, tree: plan.tree, owned: group.ownedShards, keepsShardsApart: plan.keepsShardsApart)
    globalCount = plan.batch
    firstSample = first
  }

  private init(group: any BatchGroup, rows: ShardRows, globalCount: Int, firstSample: Int) {
    self.group = group
    self.rows = rows
    self.globalCount = globalCount
    self.firstSample = firstSample
  }

  /// Number of local rows.
  public var count: Int { rows.rowCount }

  /// The layout of `concatenated([self's tensor, other's tensor])` along the batch.
  public func concatenated(with other: BatchLayout) -> BatchLayout {
    precondition(group === other.group, "BatchLayout: parts of a concatenation belong to different groups")
    return BatchLayout(
      group: group, rows: rows.concatenated(with: other.rows), globalCount: globalCount + other.globalCount, firstSample: firstSample)
  }

  /// Whether two tensors' rows are the same samples.
  func matches(_ other: BatchLayout) -> Bool { self === other || (group === other.group && rows == other.rows) }

  /// The rows of a replicated tensor: one leaf.
  static func replicatedRows(_ count: Int) -> ShardRows {
    ShardRows(segments: [[0..<count]], tree: ShardTree(shardCount: 1), owned: 0..<1)
  }
}
