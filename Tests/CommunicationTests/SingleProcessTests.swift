import Glibc
import Sharding
import Testing

@testable import Communication

@Suite struct SingleProcessTests {
  @Test func `bytes of one process stay as they are`() throws {
    let alone = SingleProcess()
    var bytes: [UInt8] = [3, 1, 4]
    unsafe bytes.withUnsafeMutableBytes { unsafe alone.broadcast($0, from: 0) }
    #expect(bytes == [3, 1, 4])
    #expect(unsafe bytes.withUnsafeBytes { unsafe alone.allGather($0) } == [[3, 1, 4]])
    #expect(try alone.hostNames() == [alone.hostName])
  }

  @Test func `the one node of one process is the sum`() {
    let alone = SingleProcess()
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

  @Test func `aborting one process exits with the code`() async {
    await #expect(processExitsWith: .exitCode(70)) { SingleProcess().abort(70) }
  }
}
