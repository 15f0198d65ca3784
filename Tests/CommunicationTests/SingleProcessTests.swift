import Glibc
import Sharding
import Testing

@testable import Communication

@Suite struct SingleProcessTests {
  let alone = SingleProcess()

  @Test func `one process is the first of one on one host`() throws {
    #expect(alone.rank == 0 && alone.size == 1 && alone.localRank == 0 && alone.localSize == 1 && alone.hosts == 1)
    var name = [CChar](repeating: 0, count: 256)
    unsafe gethostname(&name, name.count - 1)
    #expect(alone.hostName == String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    #expect(!alone.hostName.isEmpty)
    #expect(try alone.hostNames() == [alone.hostName])
  }

  @Test func `bytes of one process stay as they are`() {
    var bytes: [UInt8] = [3, 1, 4]
    unsafe bytes.withUnsafeMutableBytes { unsafe alone.broadcast($0, from: 0) }
    #expect(bytes == [3, 1, 4])
    #expect(unsafe bytes.withUnsafeBytes { unsafe alone.allGather($0) } == [[3, 1, 4]])
  }

  @Test(arguments: [0, 5, UInt64.max]) func `flags and values of one process are those of all`(value: UInt64) {
    #expect(alone.combineFlags(value) == value && alone.allEqual(value))
    // Nothing to wait for.
    alone.barrier()
    alone.finish()
  }

  @Test func `the one node of one process is the sum`() {
    let plan = ShardPlan(batch: 8, shardCount: 8)
    var partials: [Float] = [1, -2, 3]
    var result: [Float] = [0, 0, 0, 9]
    unsafe alone.sumTree(&partials, count: 3, plan: plan, into: &result)
    #expect(result == [1, -2, 3, 9])
    unsafe partials.withUnsafeMutableBufferPointer { buffer in
      unsafe alone.sumTree(buffer.baseAddress!, count: 3, plan: plan, into: buffer.baseAddress!)
    }
    #expect(partials == [1, -2, 3])
  }

  @Test func `a broadcast from a rank that is not there traps`() async {
    await #expect(processExitsWith: .failure) {
      var bytes: [UInt8] = [3]
      unsafe bytes.withUnsafeMutableBytes { unsafe SingleProcess().broadcast($0, from: 1) }
    }
  }

  @Test func `aborting one process exits with the code`() async {
    await #expect(processExitsWith: .exitCode(70)) { SingleProcess().abort(70) }
  }
}
