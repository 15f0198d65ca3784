public import Sharding

/// The ranks of a run, seen from one of them.
///
/// All functions but `abort` are collective: every rank calls them in the same order, each from one thread at a time. Ranks of one host
/// have adjacent numbers.
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

  /// Copies `bytes` of rank 0 to one buffer of each host, which all its ranks see.
  func broadcastToHosts(_ bytes: UnsafeMutableRawBufferPointer) throws

  /// The bytes of every rank, on every rank, by rank; lengths may differ.
  func allGather(_ bytes: UnsafeRawBufferPointer) throws -> [[UInt8]]

  /// The link between two hosts, measured roughly at the first call; the same on all ranks, nil on one host.
  func hostLink() throws -> Link?

  /// Finishes the shard tree: the sum over all shards, bit for bit the same on every rank and for any number of ranks.
  ///
  /// - Parameters:
  ///   - partials: one block of `count` floats for each of `plan.nodes(in: plan.shards(ofRank: rank, of: size))`, in order.
  ///   - count: number of elements summed, the same on all ranks.
  ///   - plan: the shards; the same on all ranks.
  ///   - result: receives the `count` sums. It may be the first block of `partials`, and may not overlap them otherwise.
  /// - Precondition: `size <= plan.shardCount`.
  func sumTree(_ partials: UnsafeMutablePointer<Float>, count: Int, plan: ShardPlan, into result: UnsafeMutablePointer<Float>) throws

  /// Long sums that travel while the caller computes; nil in a run of one rank, which has nothing to send.
  ///
  /// - Parameters:
  ///   - plan: how the batch is cut, and so in what order sums are made.
  ///   - capacity: floats of the longest gradient. Weights that a loss uses several times send several sums: there is room for eight
  ///     times as many before they are forgotten.
  ///   - reduction: how they travel.
  ///   - wire: in what form they travel between hosts.
  ///   - lending: whether ranks of a host lend memory in which partial sums are made, so that they are not copied.
  func longSums(_ plan: ShardPlan, capacity: Int, by reduction: Reduction, wire: WireFormat, lending: Bool) throws -> LongSums?

  /// `MPI_Allreduce` in place, the measure of the sums above; nothing in a run of one rank.
  func libraryAllReduce(_ values: UnsafeMutablePointer<Float>, count: Int) throws

  /// Whether the hosts have memory for `bytes` that their ranks share; all ranks get the same answer.
  func canShare(_ bytes: Int) throws -> Bool

  /// `count` floats that all ranks of this host see, zero at first; nil in a run of one rank.
  /// - Throws: `CommunicationError` when the host has no room; ask `canShare` first.
  func sharedFloats(_ count: Int) throws -> SharedFloats?

  /// Waits until every rank of this host has come here.
  func hostBarrier()

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

/// How gradients cross the ranks.
public enum Reduction: String, Sendable, CaseIterable {
  /// By a thread of their own while the rank computes: through shared memory on a host, by messages between hosts.
  case overlapped
  /// Likewise, but the rank waits.
  case blocking
  /// By a thread of their own, by messages on a host too.
  case messages
  /// By a thread of their own and `MPI_Allreduce`, whose bits depend on the number of ranks.
  case mpi

  /// Whether the bits are those of one process.
  public var isExact: Bool { self != .mpi }
}
