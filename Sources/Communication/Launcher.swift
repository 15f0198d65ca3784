internal import Foundation

/// What started this process, as far as its environment tells.
enum Launcher: Equatable {
  /// Nothing: one process alone.
  case none
  /// A launcher of ranks that MPI can find, and the number of ranks it announces, if it does.
  case found(name: String, ranks: Int?)

  /// Reads the variables that mpirun, PMIx, PMI and Slurm set for each rank.
  /// - Throws: `CommunicationError` when Slurm started several tasks without a way for MPI to join them.
  static func detect(in environment: [String: String]) throws(CommunicationError) -> Launcher {
    let tasks = environment["SLURM_PROCID"] == nil ? nil : environment["SLURM_STEP_NUM_TASKS"].flatMap { Int($0) }
    if let ranks = environment["OMPI_COMM_WORLD_SIZE"] { return .found(name: "mpirun", ranks: Int(ranks)) }
    if environment["PMIX_RANK"] != nil { return .found(name: "PMIx", ranks: tasks) }
    if environment["PMI_RANK"] != nil { return .found(name: "PMI", ranks: environment["PMI_SIZE"].flatMap { Int($0) } ?? tasks) }
    if let tasks, tasks > 1 { throw separateRanks("srun", ranks: tasks) }
    return .none
  }

  /// The error of `ranks` processes that would each have trained alone.
  static func separateRanks(_ name: String, ranks: Int) -> CommunicationError {
    CommunicationError(
      attempted: "joining the \(ranks) processes started by \(name)", found: "MPI sees only this one process",
      remedy: "start them with `srun --mpi=pmix` or with the `mpirun` of the Open MPI that this program is linked to")
  }
}

/// The communicator for the way this process was started: `SingleProcess` when no launcher is seen, MPI otherwise.
///
/// - Parameter environment: the process's environment variables.
/// - Throws: `CommunicationError` when MPI cannot be started or the launcher's processes do not find each other.
public func makeCommunicator(environment: [String: String]) throws -> any Communicator {
  switch try Launcher.detect(in: environment) {
  case .none: return SingleProcess()
  case .found(let name, let ranks):
    let communicator = try MPICommunicator()
    if let ranks, ranks > 1, communicator.size == 1 { throw Launcher.separateRanks(name, ranks: ranks) }
    return communicator
  }
}

/// The communicator for the way this process was started, judged by its own environment.
public func makeCommunicator() throws -> any Communicator {
  try makeCommunicator(environment: ProcessInfo.processInfo.environment)
}
