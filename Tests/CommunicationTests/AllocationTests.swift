import Testing

@testable import Communication

@Suite struct AllocationTests {
  @Test(
    arguments: [
      // The shell of an sbatch script or of salloc: an allocation of several tasks, of which it is one.
      ["SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_STEP_NUM_TASKS": "1"],
      ["SLURM_PROCID": "0", "SLURM_NTASKS": "8"],
      ["SLURM_STEP_NUM_TASKS": "4"],
    ] as [[String: String]])
  func `an allocation without a launcher runs one process`(environment: [String: String]) throws {
    #expect(try makeCommunicator(environment: environment) is SingleProcess)
  }

  @Test func `mpirun inside a Slurm step counts its own ranks`() throws {
    let environment = ["OMPI_COMM_WORLD_SIZE": "1", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "4"]
    #expect(try Launcher.detect(in: environment) == .found(name: "mpirun", ranks: 1))
  }
}
