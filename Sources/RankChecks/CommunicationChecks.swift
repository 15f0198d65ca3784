import Communication
import Sharding

/// Checks of the communicator itself.
@MainActor let communicationChecks: [RankCheck] = [
  RankCheck(name: "sums over the tree have the bits of one process") { communicator in
    for shards in [communicator.size, 8, 13] where shards >= communicator.size {
      for count in [1, 7, 4096, 4097, 300_001, 2_500_003] {
        if let failure = try checkSum(communicator, ShardPlan(batch: shards, shardCount: shards), count: count) { return failure }
      }
    }
    return nil
  },
  RankCheck(name: "a broadcast gives rank 0's bytes to all") { communicator in
    var bytes = [UInt8](repeating: UInt8(communicator.rank + 1), count: 1001)
    try unsafe bytes.withUnsafeMutableBytes { try unsafe communicator.broadcast($0, from: communicator.size - 1) }
    return bytes.allSatisfy { $0 == UInt8(communicator.size) } ? nil : "found \(bytes.prefix(4))"
  },
  RankCheck(name: "gathered messages may differ in length") { communicator in
    let own = [UInt8](repeating: UInt8(communicator.rank), count: communicator.rank)
    let all = try unsafe own.withUnsafeBytes { try unsafe communicator.allGather($0) }
    let expected = (0..<communicator.size).map { [UInt8](repeating: UInt8($0), count: $0) }
    return all == expected ? nil : "found lengths \(all.map(\.count))"
  },
  RankCheck(name: "flags are joined and differences seen") { communicator in
    let flags = try communicator.combineFlags(1 << UInt64(communicator.rank))
    guard flags == (1 << UInt64(communicator.size)) - 1 else { return "flags \(flags)" }
    guard try communicator.allEqual(42) else { return "equal values were called different" }
    let differ = try !communicator.allEqual(communicator.rank == communicator.size - 1 ? 1 : 0)
    return differ == (communicator.size > 1) ? nil : "different values were called equal"
  },
]

/// Numbers of very different sizes, so that another order of additions shows in the bits.
private func leaf(_ shard: Int, _ element: Int) -> Float {
  let mixed = UInt64(shard &* 1_000_003 &+ element) &* 0x9e37_79b9_7f4a_7c15
  return (Float(mixed >> 40) - 8_388_608) * (mixed & 64 == 0 ? 1e-3 : 1e3)
}

/// One process's sum over all shards, by the tree's steps.
private func evaluate(_ steps: [ShardTree.Step], _ leaves: (Int) -> Float) -> [Float] {
  var stack: [Float] = []
  for step in steps {
    switch step {
    case .push(let index): stack.append(leaves(index))
    case .merge:
      let right = stack.removeLast()
      stack.append(stack.removeLast() + right)
    }
  }
  return stack
}

private func checkSum(_ communicator: any Communicator, _ plan: ShardPlan, count: Int) throws -> String? {
  let owned = plan.shards(ofRank: communicator.rank, of: communicator.size)
  let nodes = plan.tree.nodes(in: owned).count
  let (own, all) = (plan.tree.leafSteps(in: owned), plan.tree.leafSteps(in: 0..<plan.shardCount))
  var partials = [Float](repeating: 0, count: nodes * count)
  for element in 0..<count {
    for (node, sum) in evaluate(own, { leaf(owned.lowerBound + $0, element) }).enumerated() { partials[node * count + element] = sum }
  }
  try unsafe partials.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return }
    try unsafe communicator.sumTree(base, count: count, plan: plan, into: base)
  }
  for element in stride(from: 0, to: count, by: count > 10_000 ? 97 : 1) {
    let expected = evaluate(all) { leaf($0, element) }[0]
    guard partials[element] == expected else {
      return "\(plan.shardCount) shards, \(count) elements: element \(element) is \(partials[element]), one process has \(expected)"
    }
  }
  return nil
}
