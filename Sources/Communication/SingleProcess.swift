internal import Glibc
public import Sharding

/// The communicator of a run without ranks: no MPI is started, and every collective is the identity.
public final class SingleProcess: Communicator {
  public let rank = 0
  public let size = 1
  public let localRank = 0
  public let localSize = 1
  public let hosts = 1
  public let hostName: String

  /// A communicator of this process alone.
  public init() {
    // Sound: the buffer outlives the call and is longer than any host name; an unterminated name ends at the buffer.
    hostName = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
      unsafe name.initialize(repeating: 0)
      unsafe gethostname(name.baseAddress!, name.count - 1)
      return unsafe String(cString: name.baseAddress!)
    }
  }

  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {
    precondition(root == 0, "broadcast: root is rank \(root) of 1 rank")
  }

  public func allGather(_ bytes: UnsafeRawBufferPointer) -> [[UInt8]] { unsafe [Array(bytes)] }

  public func hostLink() -> Link? { nil }

  public func sumTree(_ partials: UnsafeMutablePointer<Float>, count: Int, plan: ShardPlan, into result: UnsafeMutablePointer<Float>) {
    // One rank owns all shards, so its one node is the root already.
    if unsafe partials != result { unsafe result.update(from: partials, count: count) }
  }

  public func broadcastToHosts(_ bytes: UnsafeMutableRawBufferPointer) {}

  public func longSums(_ plan: ShardPlan, capacity: Int, by reduction: Reduction, wire: WireFormat, lending: Bool) -> LongSums? { nil }

  public func libraryAllReduce(_ values: UnsafeMutablePointer<Float>, count: Int) {}

  public func canShare(_ bytes: Int) -> Bool { false }

  public func sharedFloats(_ count: Int) -> SharedFloats? { nil }

  public func hostBarrier() {}

  public func combineFlags(_ flags: UInt64) -> UInt64 { flags }

  public func allEqual(_ value: UInt64) -> Bool { true }

  public func barrier() {}

  public func abort(_ code: Int32) -> Never { exit(code) }

  public func finish() {}
}
