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

  /// Core numbers with gaps, as on a host that other jobs share.
  static func numbers(_ count: Int) -> [Int] { (0..<count).map { 3 * $0 + 1 } }

  @Test(arguments: 1...9, 1...9) func `ranks that mpirun bound too tightly get disjoint cores`(cores: Int, ranks: Int) {
    let available = Self.numbers(cores)
    var used: [Int] = []
    for rank in 0..<ranks {
      let bound = available[rank % cores]
      let share = Cores(allowed: [bound], available: available, isBoundByLauncher: true).share(localRank: rank, localSize: ranks)
      #expect(share.threads == max(1, cores / ranks))
      if share.threads == 1 {
        #expect(share.cores == [bound] && share.note == nil)
      } else {
        #expect(share.cores.count >= share.threads)
        #expect(share.note == "bound to core \(bound) by mpirun; widened to \(Cores.words(for: share.cores))")
        used += share.cores
      }
    }
    // Ascending in the order of the ranks, hence disjoint; no core is left idle.
    #expect(used == (cores / ranks > 1 ? available : []))
  }

  @Test(arguments: 1...9, 1...9) func `ranks that nobody bound share the cores by number of threads`(cores: Int, ranks: Int) {
    let available = Self.numbers(cores)
    for rank in 0..<ranks {
      let share = Cores(allowed: available, available: available, isBoundByLauncher: false).share(localRank: rank, localSize: ranks)
      #expect(share == CoreShare(threads: ranks > cores ? 1 : cores / ranks, cores: available, note: nil))
    }
  }

  @Test func `a rank that is not on the host traps`() async {
    await #expect(processExitsWith: .failure) {
      _ = Cores(allowed: [0], available: [0], isBoundByLauncher: false).share(localRank: 1, localSize: 1)
    }
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
