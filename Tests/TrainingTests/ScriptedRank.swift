import Communication
import Sharding
import Training

/// One rank that hears from ranks that are not there: their flags, and whether they hold the same numbers.
final class ScriptedRank: Communicator {
  let (rank, size, localRank, localSize, hosts) = (0, 1, 0, 1, 1)
  let hostName = "scripted"
  /// Flags of other ranks, by the number of the call.
  var flags: [Int: UInt64] = [:]
  /// Number of the first comparison that fails.
  var disagreement: Int?
  private var flagCalls = 0
  private var comparisons = 0

  func broadcastToHosts(_ bytes: UnsafeMutableRawBufferPointer) {}
  func hostLink() -> Link? { nil }
  func longSums(_ plan: ShardPlan, capacity: Int, by reduction: Reduction, wire: WireFormat, lending: Bool) -> LongSums? { nil }
  func libraryAllReduce(_ values: UnsafeMutablePointer<Float>, count: Int) {}
  func canShare(_ bytes: Int) -> Bool { false }
  func sharedFloats(_ count: Int) -> SharedFloats? { nil }
  func hostBarrier() {}

  func combineFlags(_ own: UInt64) -> UInt64 {
    defer { flagCalls += 1 }
    return own | flags[flagCalls, default: 0]
  }

  func allEqual(_ value: UInt64) -> Bool {
    defer { comparisons += 1 }
    return comparisons != disagreement
  }

  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {}
  func allGather(_ bytes: UnsafeRawBufferPointer) -> [[UInt8]] { unsafe [Array(bytes)] }
  func sumTree(_ partials: UnsafeMutablePointer<Float>, count: Int, plan: ShardPlan, into result: UnsafeMutablePointer<Float>) {
    if unsafe partials != result { unsafe result.update(from: partials, count: count) }
  }
  func barrier() {}
  func abort(_ code: Int32) -> Never { fatalError("abort(\(code))") }
  func finish() {}
}
