import Testing

@testable import Communication

@Suite struct LaunchTests {
  @Test(
    arguments: [
      [:], ["PATH": "/bin"],
      ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"], ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "many"],
      // The shell of an sbatch script or of salloc: an allocation of several tasks, of which it is one.
      ["SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_STEP_NUM_TASKS": "1"],
      ["SLURM_PROCID": "0", "SLURM_NTASKS": "8"],
      ["SLURM_STEP_NUM_TASKS": "4"],
    ] as [[String: String]])
  func `a process without a launcher is alone`(environment: [String: String]) throws {
    #expect(try Launcher.detect(in: environment) == .none)
    #expect(try makeCommunicator(environment: environment) is SingleProcess)
  }

  @Test(
    arguments: [
      (["OMPI_COMM_WORLD_SIZE": "8"], "mpirun", 8), (["PMIX_RANK": "0"], "PMIx", nil), (["PMI_RANK": "1", "PMI_SIZE": "3"], "PMI", 3),
      (["PMI_RANK": "1"], "PMI", nil), (["OMPI_COMM_WORLD_SIZE": "many"], "mpirun", nil),
      (["PMIX_RANK": "0", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "4"], "PMIx", 4),
      (["PMI_RANK": "0", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "4"], "PMI", 4),
      // mpirun sets the variables of PMIx too; the number of ranks is then mpirun's.
      (["OMPI_COMM_WORLD_SIZE": "2", "PMIX_RANK": "0", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "4"], "mpirun", 2),
    ] as [([String: String], String, Int?)])
  func `launchers are known by their variables`(environment: [String: String], name: String, ranks: Int?) throws {
    #expect(try Launcher.detect(in: environment) == .found(name: name, ranks: ranks))
  }

  @Test func `tasks that MPI cannot join are refused, not run side by side`() throws {
    let environment = ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "8"]
    let error = try #require(throws: CommunicationError.self) { try Launcher.detect(in: environment) }
    #expect(error.attempted == "joining the 8 processes started by srun" && error.found.contains("only this one process"))
    #expect(error.remedy.contains("srun --mpi=pmix"))
    #expect(error.description == "\(error.attempted): \(error.found); \(error.remedy)")
    #expect(throws: error) { try makeCommunicator(environment: environment) }
  }
}
