import Dispatch
import Foundation
import Glibc
package import Sharding
import Synchronization
package import Tensors

/// Several ranks in one process, one thread each, meeting in every sum over the batch.
///
/// A sum takes the blocks of all ranks in shard order and adds them by `ShardTree.rootSteps`, as the definition of the order of addition
/// says, in plain loops.
package enum SimulatedRanks {
  /// Runs `body` on `ranks` threads, each with a group that owns its part of `plan`.
  /// - Returns: the results, by rank.
  package static func run<R: Sendable>(_ ranks: Int, plan: ShardPlan, _ body: @escaping @Sendable (any BatchGroup) -> R) -> [R] {
    let meeting = Meeting(plan: plan, ranks: ranks)
    let finished = DispatchGroup()
    for rank in 0..<ranks {
      finished.enter()
      Thread {
        let result = body(Member(rank: rank, meeting: meeting))
        meeting.results.withLock { $0[rank] = result }
        finished.leave()
      }.start()
    }
    finished.wait()
    let found = meeting.results.withLock { $0 }
    return (0..<ranks).compactMap { found[$0] as? R }
  }

  @safe private final class Member: BatchGroup {
    let rank: Int
    let meeting: Meeting
    let plan: ShardPlan
    let ownedShards: Range<Int>

    init(rank: Int, meeting: Meeting) {
      self.rank = rank
      self.meeting = meeting
      plan = meeting.plan
      ownedShards = plan.shards(ofRank: rank, of: meeting.ranks)
    }

    private var sent: [Float] = []

    func send(_ partials: UnsafePointer<Float>, count: Int) -> Range<Int> {
      let blocks = plan.nodes(in: ownedShards).count
      let own = (0..<blocks * count).map { unsafe partials[$0] }
      sent += meeting.exchange(rank, own, count)
      return (sent.count - count)..<sent.count
    }

    private var sums: UnsafeMutablePointer<Float>?
    private var copied = 0

    func longSums() -> UnsafePointer<Float> {
      if let sums = unsafe sums, copied == sent.count { return unsafe UnsafePointer(sums) }
      unsafe sums?.deallocate()
      copied = sent.count
      let copy = UnsafeMutablePointer<Float>.allocate(capacity: sent.count)
      for (index, value) in sent.enumerated() { unsafe copy[index] = value }
      unsafe sums = unsafe copy
      return unsafe UnsafePointer(copy)
    }

    func flushLongSums() {}

    private var read = 0

    func forgetLongSums(count: Int) {
      read += count
      if read == sent.count { (sent, read, copied) = ([], 0, -1) }
    }

    deinit { unsafe sums?.deallocate() }

    func sum(_ partials: UnsafeMutablePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>) {
      let blocks = plan.nodes(in: ownedShards).count
      let own = (0..<blocks * count).map { unsafe partials[$0] }
      let total = meeting.exchange(rank, own, count)
      for index in 0..<count { unsafe result[index] = total[index] }
    }
  }

  /// Where the ranks of a sum wait for each other.
  private final class Meeting: Sendable {
    struct State {
      var contributions: [Int: [Float]] = [:]
      var total: [Float] = []
      var round = 0
    }
    let plan: ShardPlan
    let ranks: Int
    let results = Mutex<[Int: any Sendable]>([:])
    private let state = Mutex(State())

    init(plan: ShardPlan, ranks: Int) {
      self.plan = plan
      self.ranks = ranks
    }

    func exchange(_ rank: Int, _ own: [Float], _ count: Int) -> [Float] {
      let round = state.withLock { state in
        let round = state.round
        state.contributions[rank] = own
        if state.contributions.count == ranks {
          state.total = add(state.contributions, count)
          state.contributions = [:]
          state.round += 1
        }
        return round
      }
      // The next round cannot end before this rank has joined it, so the total stays until it is read.
      while true {
        if let total = state.withLock({ $0.round > round ? $0.total : nil }) { return total }
        usleep(20)
      }
    }

    private func add(_ contributions: [Int: [Float]], _ count: Int) -> [Float] {
      var nodes: [Range<Int>] = []
      var blocks: [[Float]] = []
      for rank in 0..<ranks {
        nodes += plan.nodes(in: plan.shards(ofRank: rank, of: ranks))
        let values = contributions[rank] ?? []
        for start in stride(from: 0, to: values.count, by: max(count, 1)) { blocks.append(Array(values[start..<(start + count)])) }
      }
      var stack: [[Float]] = []
      for step in plan.tree.rootSteps(of: nodes) {
        switch step {
        case .push(let index): stack.append(blocks[index])
        case .merge:
          let right = stack.removeLast()
          let left = stack.removeLast()
          stack.append(zip(left, right).map { $0 + $1 })
        }
      }
      return stack[0]
    }
  }
}
