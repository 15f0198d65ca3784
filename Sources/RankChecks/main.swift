import Communication
import Glibc
import Kernels

/// Checks that every rank runs together: started by `mpirun -n N`, or alone. Parallel unit tests would deadlock in collectives.
///
/// Rank 0 prints a line for each group; the exit code is 1 when a check failed. A rank that throws ends all ranks.
@MainActor func runChecks() {
  let communicator: any Communicator
  do {
    communicator = try makeCommunicator()
    // From here on ranks of one host add through shared memory, as in a run.
    _ = try communicator.canShare(1 << 28)
  } catch {
    print("RankChecks: \(error)")
    exit(70)
  }
  // mpirun binds few ranks to a core each; the threads that the checks start are to run on all.
  Workers.start(threads: Cores.claim(localRank: communicator.localRank, localSize: communicator.localSize).threads)
  let ranks = Ranks(communicator)
  let groups = [
    CheckGroup(name: "communicator") { _ in communicationChecks },
    CheckGroup(name: "long sums") { _ in longSumChecks },
    CheckGroup(name: "comparison") { _ in Numbers.checks },
    CheckGroup(name: "primitives") { try BitCheck.compare(PrimitiveForm.checks, on: $0) + [PrimitiveForm.coverage] },
    CheckGroup(name: "precision") { try BitCheck.compare(PrecisionChecks.checks, on: $0) },
    CheckGroup(name: "layers") { try BitCheck.compare(LayerForm.checks, on: $0) },
    CheckGroup(name: "optimizers") { try BitCheck.compare(OptimizerForm.checks, on: $0) },
    CheckGroup(name: "divergences") { try BitCheck.compare(DivergenceChecks.checks, on: $0) },
    CheckGroup(name: "terms") { try BitCheck.compare(TermChecks.checks, on: $0) },
    CheckGroup(name: "models") { try BitCheck.compare(ModelChecks.checks, on: $0) },
    CheckGroup(name: "measurements") { _ in measurementChecks },
  ]
  var (passed, failed) = (0, 0)
  var name = ""
  do {
    for group in groups {
      let start = ContinuousClock.now
      name = group.name
      var failures = 0
      let checks = try group.checks(ranks)
      for check in checks {
        name = check.name
        let failure = try check.run(communicator)
        let anywhere = try communicator.combineFlags(failure == nil ? 0 : 1) != 0
        if let failure { print("FAILED \(group.name): \(check.name), rank \(communicator.rank): \(failure)") }
        if anywhere { failures += 1 }
      }
      passed += checks.count - failures
      failed += failures
      guard communicator.rank == 0 else { continue }
      let elapsed = start.duration(to: .now).components
      let tenths = elapsed.seconds * 10 + elapsed.attoseconds / 100_000_000_000_000_000
      print(
        "\(failures == 0 ? "ok" : "FAILED") \(group.name): \(checks.count - failures) of \(checks.count) checks, \(tenths / 10).\(tenths % 10) s"
      )
    }
  } catch {
    print("FAILED \(name), rank \(communicator.rank): \(error)")
    fflush(nil)
    communicator.abort(70)
  }
  if communicator.rank == 0 { print("\(communicator.size) ranks: \(passed) passed, \(failed) failed") }
  fflush(nil)
  communicator.finish()
  exit(failed == 0 ? 0 : 1)
}

runChecks()
