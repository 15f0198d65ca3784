import Communication
import Glibc
import Kernels

/// Ordered checks that every rank runs together: started by `mpirun -n N`, or alone. Parallel unit tests would deadlock in collectives.
///
/// Rank 0 prints a line for each check; the exit code is 1 when one failed. A rank that throws ends all ranks.
@MainActor func runChecks() {
  let communicator: any Communicator
  do {
    communicator = try makeCommunicator()
  } catch {
    print("RankChecks: \(error)")
    exit(70)
  }
  Workers.start(threads: Cores.claim(localRank: communicator.localRank, localSize: communicator.localSize).threads)
  var failures = 0
  let checks = communicationChecks + modelChecks + measurementChecks
  for check in checks {
    do {
      let failure = try check.run(communicator)
      let anywhere = try communicator.combineFlags(failure == nil ? 0 : 1) != 0
      if let failure { print("FAILED \(check.name), rank \(communicator.rank): \(failure)") }
      if anywhere { failures += 1 } else if communicator.rank == 0 { print("ok \(check.name)") }
    } catch {
      print("FAILED \(check.name), rank \(communicator.rank): \(error)")
      fflush(nil)
      communicator.abort(70)
    }
  }
  if communicator.rank == 0 { print("\(communicator.size) ranks: \(checks.count - failures) passed, \(failures) failed") }
  fflush(nil)
  communicator.finish()
  exit(failures == 0 ? 0 : 1)
}

runChecks()
