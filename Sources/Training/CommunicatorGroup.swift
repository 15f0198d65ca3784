public import Communication
import Glibc
public import Sharding
public import Tensors

/// The ranks of a run as the group that shares the batch.
///
/// A sum that fails cannot be repaired inside a layer: the rank says where it stands and ends the whole job, so that none waits for it.
public final class CommunicatorGroup: BatchGroup {
  public let plan: ShardPlan
  public let ownedShards: Range<Int>
  /// The step at work, for messages.
  public var step = 0
  private let communicator: any Communicator

  /// The group of all ranks of `communicator`.
  /// - Precondition: at most as many ranks as shards.
  public init(_ communicator: any Communicator, plan: ShardPlan) {
    self.communicator = communicator
    self.plan = plan
    ownedShards = plan.shards(ofRank: communicator.rank, of: communicator.size)
  }

  public func sum(_ partials: UnsafeMutablePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>) {
    do {
      try unsafe communicator.sumTree(partials, count: count, plan: plan, into: result)
    } catch {
      let text = "rank \(communicator.rank) on \(communicator.hostName) at step \(step): \(error)\n"
      _ = unsafe text.withCString { unsafe write(STDERR_FILENO, $0, strlen($0)) }
      communicator.abort(ExitCode.internalError.rawValue)
    }
  }
}
