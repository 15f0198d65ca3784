import Communication
import Sharding

/// Checks of sums that travel while the ranks compute: made in lent memory, copied, or on some ranks this and on others that.
@MainActor let longSumChecks: [RankCheck] = [
  RankCheck(name: "long sums have the bits of one process, whether partial sums are copied or read where they are") { communicator in
    for (shards, apart) in [(8, false), (13, true)] {
      let plan = ShardPlan(batch: shards, shardCount: shards, keepsShardsApart: apart)
      for reduction in [Reduction.overlapped, .blocking] {
        for lending in [true, false] {
          if let failure = try checkGradients(communicator, plan, reduction, lending: lending) {
            return "\(shards) shards, \(apart ? "apart" : "together"), \(reduction), \(lending ? "lent" : "copied"): \(failure)"
          }
        }
      }
    }
    return nil
  }
]

/// Floats of the sums of a gradient: short ones between long ones, that fill pieces and that do not.
private let counts = [16_384, 3, 50_000, 16_383, 700, 70_001, 1, 16_400, 9_000, 9_000]

/// A number that another order of additions changes.
private func leaf(_ round: Int, _ sum: Int, _ shard: Int, _ element: Int) -> Float {
  let mixed = UInt64(((round &* 31 &+ sum) &* 1009 &+ shard) &* 1_000_003 &+ element) &* 0x9e37_79b9_7f4a_7c15
  return (Float(mixed >> 40) - 8_388_608) * (mixed & 64 == 0 ? 1e-3 : 1e3)
}

/// What `steps` leave of the leaves.
private func evaluate(_ steps: [ShardTree.Step], _ leaves: (Int) -> Float) -> [Float] {
  var stack: [Float] = []
  for step in steps {
    switch step {
    case .push(let index): stack.append(leaves(index))
    case .merge:
      let right = stack.removeLast()
      stack[stack.count - 1] += right
    }
  }
  return stack
}

/// Whether anybody still owns a block of lent memory.
private final class Loan {
  static let held = Counter()
  /// How many there are.
  final class Counter: @unchecked Sendable {
    // Sound: the checks of a rank run on one thread, and owners are given up there.
    var count = 0
  }
  init() { Loan.held.count += 1 }
  deinit { Loan.held.count -= 1 }
}

/// Sends several gradients, of which each rank makes other sums in lent memory.
@MainActor private func checkGradients(
  _ communicator: any Communicator, _ plan: ShardPlan, _ reduction: Reduction, lending: Bool
) throws -> String? {
  let capacity = counts.reduce(0, +)
  guard let sums = try communicator.longSums(plan, capacity: capacity, by: reduction, wire: .float32, lending: lending) else { return nil }
  let lent = unsafe sums.lentMemory
  guard unsafe (lent != nil) == lending else { return "memory that is lent was asked for: \(lending), given: \(!lending)" }
  let owned = plan.shards(ofRank: communicator.rank, of: communicator.size)
  let nodes = plan.nodes(in: owned).count
  let own = plan.keepsShardsApart ? owned.indices.map { ShardTree.Step.push($0 - owned.lowerBound) } : plan.tree.leafSteps(in: owned)
  let all = plan.tree.leafSteps(in: 0..<plan.shardCount)
  let copied = UnsafeMutablePointer<Float>.allocate(capacity: nodes * (counts.max() ?? 0))
  defer { unsafe copied.deallocate() }
  for round in 0..<3 {
    var places: [Range<Int>] = []
    var used = 0
    for (index, count) in counts.enumerated() {
      // Memory is used again as soon as the owner is given up: in each round, and there are other owners on each rank.
      let isLent = lending && (index + communicator.rank + round) % 3 != 0
      if isLent { try sums.reserve(lent: used + nodes * count) }
      let partials = unsafe isLent ? lent!.baseAddress! + used : copied
      for element in 0..<count {
        let values = evaluate(own) { leaf(round, index, owned.lowerBound + $0, element) }
        for (node, value) in values.enumerated() { unsafe partials[node * count + element] = value }
      }
      places.append(try unsafe sums.send(partials, count: count, keeping: isLent ? Loan() : nil))
      if isLent { used += nodes * count } else { unsafe copied.update(repeating: .nan, count: nodes * count) }
    }
    let results = try unsafe sums.results()
    guard Loan.held.count == 0 else { return "\(Loan.held.count) owners are kept though all was read" }
    for (index, count) in counts.enumerated() {
      for element in stride(from: 0, to: count, by: count > 1000 ? 83 : 1) {
        let expected = evaluate(all) { leaf(round, index, $0, element) }[0]
        let found = unsafe results[places[index].lowerBound + element]
        guard found == expected else { return "round \(round), sum \(index), element \(element) is \(found), one process has \(expected)" }
      }
    }
    sums.forget(capacity)
  }
  return nil
}
