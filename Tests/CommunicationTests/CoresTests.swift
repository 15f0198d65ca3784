import Testing

@testable import Communication

@Suite struct CoresTests {
  @Test func `mpirun -n 1 on two cores is widened to both`() {
    let share = Cores(allowed: [0], available: [0, 1], isBoundByLauncher: true).share(localRank: 0, localSize: 1)
    #expect(share == CoreShare(threads: 2, cores: [0, 1], note: "bound to core 0 by mpirun; widened to cores 0-1"))
  }

  @Test func `mpirun -n 2 on two cores is left alone`() {
    for rank in 0..<2 {
      let share = Cores(allowed: [rank], available: [0, 1], isBoundByLauncher: true).share(localRank: rank, localSize: 2)
      #expect(share == CoreShare(threads: 1, cores: [rank], note: nil))
    }
  }

  @Test func `more ranks than cores compute with one thread each`() {
    let share = Cores(allowed: [0, 1], available: [0, 1], isBoundByLauncher: false).share(localRank: 7, localSize: 8)
    #expect(share == CoreShare(threads: 1, cores: [0, 1], note: nil))
  }

  @Test func `a binding by the user or the batch system is kept`() {
    let taskset = Cores(allowed: [2], available: [2], isBoundByLauncher: false).share(localRank: 0, localSize: 1)
    #expect(taskset == CoreShare(threads: 1, cores: [2], note: nil))
    let step = Cores(allowed: [0, 1, 2, 3], available: Array(0..<64), isBoundByLauncher: false).share(localRank: 0, localSize: 2)
    #expect(step == CoreShare(threads: 4, cores: [0, 1, 2, 3], note: nil))
  }

  @Test func `cores are named by runs`() {
    #expect(Cores.words(for: [0]) == "core 0")
    #expect(Cores.words(for: [0, 1, 2, 3, 8]) == "cores 0-3,8")
    #expect(Cores.words(for: [1, 3]) == "cores 1,3")
  }

  @Test func `the kernel allows this process at least one core`() {
    let now = Cores.current(environment: [:])
    #expect(!now.allowed.isEmpty && now.allowed == now.available && now.allowed == now.allowed.sorted())
    #expect(!now.isBoundByLauncher)
  }
}
