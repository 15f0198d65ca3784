/// How a global batch is cut into virtual shards, and which of them a rank owns.
///
/// Shard `s` of V holds samples `[sB/V, (s+1)B/V)`; rank `r` of n owns shards `[rV/n, (r+1)V/n)`. V belongs to the run's options, n does
/// not: the bits of a result depend on B and V alone.
public struct ShardPlan: Sendable, Hashable {
  /// Global batch size B, in samples.
  public let batch: Int
  /// Number of virtual shards V.
  public let shardCount: Int
  /// Whether partial sums stay apart by shard instead of being added to the maximal nodes of a rank. Only so can sums of several parts
  /// of a batch be added before they cross the ranks: the parts' sums of one shard are the same on any number of ranks.
  public let keepsShardsApart: Bool

  /// A plan of `shardCount` shards over `batch` samples.
  /// - Precondition: `1 <= shardCount <= batch`.
  public init(batch: Int, shardCount: Int, keepsShardsApart: Bool = false) {
    precondition(shardCount >= 1 && shardCount <= batch, "ShardPlan: \(shardCount) shards for a batch of \(batch)")
    self.batch = batch
    self.shardCount = shardCount
    self.keepsShardsApart = keepsShardsApart
  }

  /// The order in which partial sums over the batch are added.
  public var tree: ShardTree { ShardTree(shardCount: shardCount) }

  /// The tree nodes whose partial sums the owner of `owned` shards brings, in order.
  public func nodes(in owned: Range<Int>) -> [Range<Int>] {
    keepsShardsApart ? owned.map { $0..<($0 + 1) } : tree.nodes(in: owned)
  }

  /// Global sample indices `[sB/V, (s+1)B/V)` of one shard.
  public func samples(ofShard shard: Int) -> Range<Int> {
    (shard * batch / shardCount)..<((shard + 1) * batch / shardCount)
  }

  /// Shards `[rV/n, (r+1)V/n)` of one rank.
  /// - Precondition: `ranks <= shardCount`, so that every rank has a shard.
  public func shards(ofRank rank: Int, of ranks: Int) -> Range<Int> {
    precondition(ranks >= 1 && ranks <= shardCount, "ShardPlan: \(ranks) ranks for \(shardCount) shards")
    return (rank * shardCount / ranks)..<((rank + 1) * shardCount / ranks)
  }

  /// Global sample indices of all shards of one rank; they are adjacent.
  public func samples(ofRank rank: Int, of ranks: Int) -> Range<Int> {
    let owned = shards(ofRank: rank, of: ranks)
    return samples(ofShard: owned.lowerBound).lowerBound..<samples(ofShard: owned.upperBound - 1).upperBound
  }
}
