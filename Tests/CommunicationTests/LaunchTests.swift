import Sharding
import Testing

@testable import Communication

@Suite struct LaunchTests {
  @Test func `a process without a launcher is alone`() throws {
    #expect(try Launcher.detect(in: ["PATH": "/bin"]) == .none)
    #expect(try Launcher.detect(in: ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"]) == .none)
    let alone = try makeCommunicator(environment: [:])
    #expect(alone is SingleProcess && alone.rank == 0 && alone.size == 1 && alone.hosts == 1 && !alone.hostName.isEmpty)
  }

  @Test(
    arguments: [
      (["OMPI_COMM_WORLD_SIZE": "8"], "mpirun", 8), (["PMIX_RANK": "0"], "PMIx", nil), (["PMI_RANK": "1", "PMI_SIZE": "3"], "PMI", 3),
      (["PMIX_RANK": "0", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "4"], "PMIx", 4),
    ] as [([String: String], String, Int?)]) func `launchers are known by their variables`(
      environment: [String: String], name: String, ranks: Int?
    ) throws
  {
    #expect(try Launcher.detect(in: environment) == .found(name: name, ranks: ranks))
  }

  @Test func `tasks that MPI cannot join are refused, not run side by side`() {
    let error = #expect(throws: CommunicationError.self) {
      try Launcher.detect(in: ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "8"])
    }
    #expect(error.map { "\($0)".contains("srun --mpi=pmix") && "\($0)".contains("8") } == true)
  }

  @Test func `a single process keeps sums, flags and bytes as they are`() throws {
    let alone = SingleProcess()
    var numbers: [Float] = [1, 2, 3]
    var sums: [Float] = [0, 0, 0]
    unsafe alone.sumTree(&numbers, count: 3, plan: ShardPlan(batch: 4, shardCount: 4), into: &sums)
    #expect(sums == numbers)
    #expect(alone.combineFlags(5) == 5 && alone.allEqual(7))
  }

  @Test(arguments: 1...9, 1...9) func `ranks that mpirun bound too tightly get disjoint cores`(cores: Int, ranks: Int) {
    var used: [Int] = []
    for rank in 0..<ranks {
      let host = Cores(allowed: [rank % cores], available: Array(0..<cores), isBoundByLauncher: true)
      let share = host.share(localRank: rank, localSize: ranks)
      #expect(share.threads == max(1, cores / ranks))
      #expect((share.note != nil) == (share.threads > 1))
      if share.note != nil {
        #expect(share.cores.count >= share.threads)
        used += share.cores
      }
    }
    #expect(Set(used).count == used.count)
  }

  @Test func `a binding by the batch system is kept`() {
    let share = Cores(allowed: [2, 3], available: [2, 3], isBoundByLauncher: false).share(localRank: 0, localSize: 1)
    #expect(share == CoreShare(threads: 2, cores: [2, 3], note: nil))
  }
}
