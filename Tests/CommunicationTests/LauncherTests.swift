import Testing

@testable import Communication

@Suite struct LauncherTests {
  @Test(
    arguments: [
      [:],
      // The shell of an sbatch script or of salloc is one task.
      ["SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_STEP_NUM_TASKS": "1"],
      ["SLURM_PROCID": "0", "SLURM_NTASKS": "8"],
      // A batch system's allocation without a launcher.
      ["SLURM_STEP_NUM_TASKS": "4"],
    ] as [[String: String]])
  func `without a launcher the process is alone`(environment: [String: String]) throws {
    #expect(try Launcher.detect(in: environment) == .none)
    #expect(try makeCommunicator(environment: environment) is SingleProcess)
  }

  @Test func `launchers are seen by their variables`() throws {
    #expect(try Launcher.detect(in: ["OMPI_COMM_WORLD_SIZE": "8", "PMIX_RANK": "3"]) == .found(name: "mpirun", ranks: 8))
    #expect(try Launcher.detect(in: ["PMI_RANK": "0", "PMI_SIZE": "2"]) == .found(name: "PMI", ranks: 2))
    #expect(try Launcher.detect(in: ["PMIX_RANK": "0"]) == .found(name: "PMIx", ranks: nil))
    let underSlurm = ["PMIX_RANK": "1", "SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4"]
    #expect(try Launcher.detect(in: underSlurm) == .found(name: "PMIx", ranks: 4))
  }

  @Test func `mpirun inside a Slurm step counts its own ranks`() throws {
    let environment = ["OMPI_COMM_WORLD_SIZE": "1", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "4"]
    #expect(try Launcher.detect(in: environment) == .found(name: "mpirun", ranks: 1))
  }

  @Test func `Slurm tasks that MPI cannot join are refused before MPI starts`() {
    let error = #expect(throws: CommunicationError.self) {
      try makeCommunicator(environment: ["SLURM_PROCID": "2", "SLURM_STEP_NUM_TASKS": "4"])
    }
    #expect(error?.description.contains("4 processes started by srun") == true)
    #expect(error?.remedy.contains("srun --mpi=pmix") == true && error?.remedy.contains("mpirun") == true)
  }
}
