public import Sharding

/// The ranks of a run, seen from one of them.
///
/// All functions but `abort` are collective: every rank calls them in the same order, each from one thread at a time.
public protocol Communicator: AnyObject {
  /// Number of this rank, `0..<size`.
  var rank: Int { get }
  /// Number of ranks.
  var size: Int { get }
  /// Number of this rank among the ranks of its host, `0..<localSize`.
  var localRank: Int { get }
  /// Number of ranks on this host.
  var localSize: Int { get }
  /// Number of hosts.
  var hosts: Int { get }
  /// Name of this host.
  var hostName: String { get }

  /// Copies `bytes` of rank `root` to the same buffer on every rank; all ranks pass buffers of one length.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws

  /// The bytes of every rank, on every rank, by rank; lengths may differ.
  func allGather(_ bytes: UnsafeRawBufferPointer) throws -> [[UInt8]]

  /// Finishes the shard tree: the sum over all shards, bit for bit the same on every rank and for any number of ranks.
  ///
  /// - Parameters:
  ///   - partials: one block of `count` floats for each maximal node of this rank's shards, in the order of
  ///     `plan.tree.nodes(in: plan.shards(ofRank: rank, of: size))`.
  ///   - count: number of elements summed, the same on all ranks.
  ///   - plan: the shards; the same on all ranks.
  ///   - result: receives the `count` sums. It may be the first block of `partials`, and may not overlap them otherwise.
  /// - Precondition: `size <= plan.shardCount`.
  func sumTree(_ partials: UnsafeMutablePointer<Float>, count: Int, plan: ShardPlan, into result: UnsafeMutablePointer<Float>) throws

  /// The bitwise or of `flags` over all ranks.
  func combineFlags(_ flags: UInt64) throws -> UInt64

  /// Whether `value` is the same on all ranks; all ranks get the same answer.
  func allEqual(_ value: UInt64) throws -> Bool

  /// Waits until every rank has come here.
  func barrier() throws

  /// Ends all ranks at once with this exit code; for a rank that cannot go on.
  func abort(_ code: Int32) -> Never

  /// Leaves the job in order. The last call of a rank.
  func finish()
}

extension Communicator {
  /// The host name of every rank, by rank.
  public func hostNames() throws -> [String] {
    let name = Array(hostName.utf8)
    return try unsafe name.withUnsafeBytes { try unsafe allGather($0) }.map { String(decoding: $0, as: UTF8.self) }
  }
}
