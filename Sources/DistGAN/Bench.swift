import Adversarial
import ArgumentParser
import Communication
import Foundation
import Sharding
import Training

/// The verb `bench`: measures parts of the program on this machine.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures parts of the program on this machine.",
    subcommands: [Step.self, Convolutions.self, Reduction.self, DataRate.self])

  /// `bench reduction`.
  struct Reduction: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "reduction", abstract: "Times the sum of gradients over ranks against MPI_Allreduce, in turn; start it with mpirun.",
      usage: "dist-gan bench reduction [<options>]",
      discussion: """
          mpirun -n 2 dist-gan bench reduction --megabytes 16,280
        """)

    @Option(help: ArgumentHelp("Sizes in megabytes.", valueName: "list"))
    var megabytes = "16,280"

    @Option(
      help: ArgumentHelp("How the sums travel: overlapped, blocking, messages or mpi.", valueName: "way"),
      completion: .words(Communication.Reduction.self))
    var reduce = "overlapped"

    @Option(help: ArgumentHelp("Rounds; medians are printed.", valueName: "count"))
    var rounds = 9

    func run() throws {
      let sizes = megabytes.split(separator: ",").map { Int($0) ?? 0 }
      guard !sizes.isEmpty, sizes.allSatisfy({ $0 > 0 && $0 <= 4096 }) else {
        throw OptionError("--megabytes \(megabytes): sizes from 1 to 4096 with commas between them are needed")
      }
      guard rounds > 0 else { throw OptionError("--rounds \(rounds): at least 1 is needed") }
      guard let way = Communication.Reduction(rawValue: reduce) else { throw OptionError("unknown way --reduce \(reduce)") }
      let communicator = try makeCommunicator()
      defer { communicator.finish() }
      if communicator.size == 1 { throw OptionError("one rank has nothing to add; start it as mpirun -n 2 dist-gan bench reduction") }
      // For each size the partial sums of all ranks, the sums, and what is copied on its way.
      let needed = sizes.reduce(0) { $0 + (communicator.localSize + 1) * $1 + communicator.localSize * 64 } << 20
      if way == .overlapped || way == .blocking, try !communicator.canShare(needed) {
        throw RunError(.cannotCreate, "/dev/shm is too small")
      }
      let plan = ShardPlan(batch: communicator.size, shardCount: communicator.size)
      do {
        for size in sizes { try measure(communicator, way, plan, count: size * 250_000, megabytes: size) }
      } catch {
        // Other ranks may be waiting for this one.
        let failure = Ending(error)
        failure.print()
        communicator.abort(failure.code)
      }
    }

    /// Both ways in turn, so that what else the machine does falls on both.
    private func measure(
      _ communicator: any Communicator, _ way: Communication.Reduction, _ plan: ShardPlan, count: Int, megabytes: Int
    ) throws {
      guard let sums = try communicator.longSums(plan, capacity: count, by: way, wire: .float32, lending: true) else { return }
      // MPI's sum is in place, in memory of this process; ours in the memory that a training would have made the partial sums in.
      let values = UnsafeMutablePointer<Float>.allocate(capacity: count)
      defer { unsafe values.deallocate() }
      try sums.reserve(lent: unsafe sums.lentMemory?.count ?? 0)
      let partials = unsafe sums.lentMemory?.baseAddress ?? values
      var own: [Double] = []
      var library: [Double] = []
      for _ in 0...rounds {
        unsafe partials.update(repeating: 1, count: count)
        own.append(
          try time(communicator) {
            let place = try unsafe sums.send(partials, count: count, keeping: sums)
            let total = unsafe try sums.results()[place.upperBound - 1]
            guard total == Float(communicator.size) else { throw RunError(.internalError, "the sum over the ranks is \(total)") }
            sums.forget(count)
          })
        unsafe values.update(repeating: 1, count: count)
        library.append(try time(communicator) { try unsafe communicator.libraryAllReduce(values, count: count) })
      }
      guard communicator.rank == 0 else { return }
      // The first round touches the memory.
      let (mine, theirs) = (median(Array(own.dropFirst())), median(Array(library.dropFirst())))
      print(
        String(
          format: "%d ranks, %d MB: %.2f ms, MPI_Allreduce %.2f ms, %.1f times as fast (%.1f GB/s)", communicator.size, megabytes,
          mine * 1e3,
          theirs * 1e3, theirs / mine, Double(count) * 4e-9 / mine))
    }

    /// Seconds from all ranks' start to the last one's end.
    private func time(_ communicator: any Communicator, _ body: () throws -> Void) throws -> Double {
      try communicator.barrier()
      let start = ContinuousClock.now
      try body()
      try communicator.barrier()
      return start.duration(to: .now) / .seconds(1)
    }
  }
}
