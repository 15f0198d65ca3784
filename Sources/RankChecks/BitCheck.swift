import Communication
import Kernels

/// A computation on a sharded batch that must leave the same bits on any number of ranks and threads.
struct BitCheck {
  /// What is computed.
  let name: String
  /// The computation as seen by one rank.
  let body: (Ranks) throws -> [Numbers]

  /// The checks on these ranks: the numbers of one process with three threads, against those of all ranks together, which take turns in
  /// having one thread or two. The work of one process is shared out over the ranks.
  static func compare(_ checks: [BitCheck], on ranks: Ranks) throws -> [RankCheck] {
    let communicator = ranks.communicator
    let single = Ranks(SingleProcess())
    Workers.start(threads: 3)
    var alone: [Int: [UInt32]] = [:]
    for (index, check) in checks.enumerated() where index % communicator.size == communicator.rank {
      alone[index] = Numbers.encoded(try check.body(single))
    }
    return checks.enumerated().map { index, check in
      RankCheck(name: check.name) { communicator in
        Workers.start(threads: 1 + (communicator.rank + index) % 2)
        let found = try check.body(ranks)
        let words = alone[index] ?? []
        let messages = try unsafe words.withUnsafeBytes { try unsafe communicator.allGather($0) }
        let expected = Numbers.decoded(messages[index % communicator.size])
        return Numbers.difference(of: found, from: expected)
      }
    }
  }
}
