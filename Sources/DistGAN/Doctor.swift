import Archive
import ArgumentParser
import Communication
import Foundation
import Sharding
import Training

/// The verb `doctor`: what one must know when a run does not start.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Examines this machine, its libraries and the ranks it is started on.",
    discussion: """
      Prints processor, cores, memory, /dev/shm, limits, launcher and libraries; under a launcher also where every rank is, a message to \
      each and back, and a sum over all. The last line says that nothing was found that would stop a run; otherwise it is followed by what \
      was found, in words, and the exit code is 69. A rank that does not answer is named.

        dist-gan doctor
        mpirun -n 8 --hostfile hosts dist-gan doctor
      """)

  @Option(help: ArgumentHelp("Seconds after which a rank that does not answer is given up.", valueName: "seconds"))
  var wait = 30.0

  func validate() throws {
    if !(wait >= 1) || wait > 3600 { throw ValidationError("--wait \(wait): 1 to 3600 seconds are needed") }
  }

  func run() throws {
    let examination = Examination(isSpeaker: Ending.isFirstRank)
    examination.examineHost()
    let watch = Watch(seconds: wait, examination)
    let communicator: (any Communicator)?
    do {
      watch.begin("starting MPI")
      communicator = try makeCommunicator()
      watch.end()
    } catch {
      communicator = nil
      examination.problem("\(error)")
    }
    if let communicator {
      // The launcher's environment may have no number for this rank; MPI has.
      do {
        try examine(communicator, examination, watch)
      } catch {
        examination.problem("\(error)")
        examination.conclude()
        communicator.abort(examination.exitCode)
      }
      watch.begin("leaving MPI")
      communicator.finish()
      watch.end()
    }
    examination.conclude()
    Foundation.exit(examination.exitCode)
  }

  /// The ranks, together.
  private func examine(_ communicator: any Communicator, _ examination: Examination, _ watch: Watch) throws {
    watch.begin("gathering what the \(communicator.size) ranks are; a network that hosts cannot reach each other by is the usual cause")
    let share = Cores.claim(localRank: communicator.localRank, localSize: communicator.localSize)
    let ranks = try RankPlace.all(communicator, share)
    watch.end()
    examination.fact(
      "ranks", "\(communicator.size) on \(communicator.hosts) \(communicator.hosts == 1 ? "host" : "hosts")")
    for place in ranks { examination.fact("rank \(place.rank)", place.text) }
    examination.compare(ranks)
    guard communicator.size > 1 else { return }

    let times = try communicator.roundTrips { other in
      watch.begin("sending a message to rank \(other) on host \(ranks[other].host)")
    }
    watch.end()
    let others = times.dropFirst()
    if communicator.rank == 0, let slowest = others.max(), let at = times.firstIndex(of: slowest) {
      examination.fact(
        "messages", "to each rank and back: \(Text.seconds(median(Array(others)))) in the middle, \(Text.seconds(slowest)) to rank \(at)")
    }
    watch.begin("adding numbers over \(communicator.size) ranks")
    let (seconds, isRight) = try Self.smallSum(communicator)
    watch.end()
    examination.fact("small sum", "\(Text.seconds(seconds)) for 1 KiB over all ranks")
    if !isRight { examination.problem("a sum over the ranks is wrong: memory or network of one of the hosts is at fault") }
  }

  /// Seconds of a sum of 256 floats, the median of 50 on the slowest rank, and whether all sums were right.
  private static func smallSum(_ communicator: any Communicator) throws -> (seconds: Double, isRight: Bool) {
    let count = CommunicationMeasurement.smallSumCount
    let plan = ShardPlan(batch: communicator.size, shardCount: communicator.size)
    // As in a training: through shared memory where there is room.
    _ = try communicator.canShare(1 << 24)
    var sums = [Float](repeating: 0, count: count)
    var (times, isRight): ([Double], Bool) = ([], true)
    let expected = Float(communicator.size * (communicator.size + 1) / 2)
    for _ in 0...50 {
      var values = [Float](repeating: Float(communicator.rank + 1), count: count)
      let start = ContinuousClock.now
      try unsafe values.withUnsafeMutableBufferPointer { values in
        try unsafe sums.withUnsafeMutableBufferPointer { sums in
          guard let from = values.baseAddress, let to = sums.baseAddress else { return }
          try unsafe communicator.sumTree(from, count: count, plan: plan, into: to)
        }
      }
      times.append(start.duration(to: .now) / .seconds(1))
      isRight = isRight && sums.allSatisfy { $0 == expected }
    }
    // The first one opens connections.
    let slowest = try communicator.everyNumber(median(Array(times.dropFirst()))).max() ?? 0
    let wrong = try communicator.combineFlags(isRight ? 0 : 1)
    return (slowest, wrong == 0)
  }
}

/// One rank as it sees itself.
struct RankPlace {
  let rank: Int
  let host: String
  let text: String
  /// What all ranks must share, by name.
  let common: [(name: String, value: String)]

  /// All ranks, by rank, on every rank.
  static func all(_ communicator: any Communicator, _ share: CoreShare) throws -> [RankPlace] {
    let room = MPILibrary.sharedMemoryRoom.map { "\(Text.bytes($0)) of /dev/shm free" } ?? "no /dev/shm"
    let threads = "\(share.threads) \(share.threads == 1 ? "thread" : "threads")"
    let text = "\(Cores.text(share.cores)), \(threads), process \(getpid()), \(room)\(share.note.map { "; \($0)" } ?? "")"
    var words = [communicator.hostName, text, "program", RankFacts.program, "MPI library", MPILibrary.version]
    words += Machine.description.flatMap { [$0.name, $0.value] }
    let own = Array(words.joined(separator: "\u{0}").utf8)
    return try unsafe own.withUnsafeBytes { try unsafe communicator.allGather($0) }.enumerated().map { rank, bytes in
      let words = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\u{0}")
      let pairs = stride(from: 2, to: words.count - 1, by: 2).map { (words[$0], words[$0 + 1]) }
      return RankPlace(rank: rank, host: words[0], text: "\(words[0]), \(words[1])", common: pairs)
    }
  }
}

/// Ends an examination that has come to a stand, naming where.
final class Watch: Sendable {
  private let step = Step()
  private let seconds: Double
  private let examination: Examination

  private final class Step: @unchecked Sendable {
    // Guarded by `lock`.
    var text: String?
    var number = 0
    let lock = NSLock()
  }

  init(seconds: Double, _ examination: Examination) {
    self.seconds = seconds
    self.examination = examination
  }

  /// From here on `text` is under way.
  func begin(_ text: String) {
    let number = step.lock.withLock {
      step.text = text
      step.number += 1
      return step.number
    }
    // The speaker goes first: when it has spoken, a launcher ends the others.
    let patience = seconds + (examination.isSpeaker ? 0 : 10)
    Thread.detachNewThread { [step, examination] in
      Thread.sleep(forTimeInterval: patience)
      let isStuck = step.lock.withLock { step.number == number && step.text != nil }
      guard isStuck else { return }
      examination.problem("\(text): no answer within \(Int(patience)) s")
      examination.hint(
        "name a network that all hosts share: mpirun --mca btl_tcp_if_include 10.0.0.0/24 --mca oob_tcp_if_include 10.0.0.0/24")
      examination.conclude()
      _exit(examination.exitCode)
    }
  }

  /// It is done.
  func end() { step.lock.withLock { step.text = nil } }
}
