import Sharding
import Testing

@testable import Communication

/// Sums by messages among members that are all here: what each posts is delivered by hand, round by round.
@Suite struct MessagePlanTests {
  /// What one member holds.
  @safe private struct Member {
    let nodes: [UnsafeMutablePointer<Float>]
    let result: UnsafeMutablePointer<Float>
    let buffers = MessageBuffers()
    let isInPlace: Bool

    init(_ values: [[Float]], isInPlace: Bool) {
      unsafe nodes = values.map { values in
        let node = UnsafeMutablePointer<Float>.allocate(capacity: max(1, values.count))
        for (index, value) in values.enumerated() { unsafe node[index] = value }
        return unsafe node
      }
      self.isInPlace = isInPlace
      unsafe result = unsafe isInPlace ? nodes[0] : .allocate(capacity: max(1, values.first?.count ?? 1))
    }

    func deallocate() {
      unsafe nodes.forEach { unsafe $0.deallocate() }
      if !isInPlace { unsafe result.deallocate() }
    }
  }

  private static func number(_ node: Int, _ element: Int) -> Float {
    let mixed = UInt64(node &* 7919 &+ element &+ 1) &* 0x9e37_79b9_7f4a_7c15
    return (Float(mixed >> 40) - 8_388_608) * (mixed & 64 == 0 ? 1e-3 : 1e3)
  }

  /// The results of all members, and the rounds that they took.
  private func sums(_ layout: TreeLayout, count: Int, wire: WireFormat, isInPlace: Bool) -> (results: [[Float]], rounds: Int) {
    let size = layout.firstNode.count - 1
    let members = (0..<size).map { member in
      Member(layout.nodes(ofMember: member).map { node in (0..<count).map { Self.number(node, $0) } }, isInPlace: isInPlace)
    }
    defer { for member in members { member.deallocate() } }
    let rounds = members.enumerated().map { index, member in
      unsafe MessagePlan(rank: index, size: size, layout: layout, count: count, wire: wire)
        .rounds(member.nodes.map { unsafe UnsafePointer($0) }, into: member.result, member.buffers)
    }
    for round in rounds[0].indices {
      for receiver in 0..<size {
        for sender in 0..<size {
          let going = rounds[sender][round].sends.filter { $0.member == receiver }
          let coming = rounds[receiver][round].receives.filter { $0.member == sender }
          #expect(going.map(\.count) == coming.map(\.count), "round \(round) from \(sender) to \(receiver)")
          for (from, to) in zip(going, coming) {
            let isRounded = rounds[sender][round].wire == .bfloat16
            for element in 0..<from.count {
              unsafe to.floats[element] = unsafe isRounded ? BFloat16.rounded(from.floats[element]) : from.floats[element]
            }
          }
        }
      }
      for member in 0..<size { rounds[member][round].finish() }
    }
    let results = members.map { member in (0..<count).map { unsafe member.result[$0] } }
    return (results, rounds[0].count)
  }

  /// The sum by the tree itself.
  private func expected(_ layout: TreeLayout, _ element: Int) -> Float {
    var stack: [Float] = []
    for step in layout.steps {
      switch step {
      case .push(let node): stack.append(Self.number(node, element))
      case .merge:
        let right = stack.removeLast()
        stack[stack.count - 1] += right
      }
    }
    return stack[0]
  }

  private static func layout(_ shards: Int, _ members: Int, apart: Bool) -> TreeLayout {
    TreeLayout(plan: ShardPlan(batch: shards, shardCount: shards, keepsShardsApart: apart), ranks: members)
  }

  /// Shards and members: pairs, powers of two, and those that do not pair up.
  static let shapes = [(1, 1), (2, 2), (8, 2), (3, 2), (8, 3), (4, 4), (16, 4), (12, 4), (8, 5), (8, 8), (13, 6), (16, 16)]

  @Test(arguments: shapes, [1, 5, 4099, 70_001])
  func `every member has the bits of the tree, whatever the number of members`(shape: (Int, Int), count: Int) {
    for apart in [false, true] {
      let layout = Self.layout(shape.0, shape.1, apart: apart)
      for isInPlace in [false, true] {
        let found = sums(layout, count: count, wire: .float32, isInPlace: isInPlace).results
        for (member, result) in found.enumerated() {
          let wrong = result.indices.first { result[$0] != expected(layout, $0) }
          #expect(wrong == nil, "member \(member) of \(shape.1), \(shape.0) shards, element \(wrong ?? 0)")
        }
      }
    }
  }

  @Test func `short sums and sums of two take one round, halving two for each doubling, and slices two`() {
    func rounds(_ shards: Int, _ members: Int, _ count: Int) -> Int {
      sums(Self.layout(shards, members, apart: false), count: count, wire: .float32, isInPlace: false).rounds
    }
    #expect(rounds(8, 8, 100) == 1 && rounds(8, 3, 100) == 1)
    #expect(rounds(8, 2, 70_001) == 1 && rounds(8, 4, 70_001) == 4 && rounds(16, 16, 70_001) == 8)
    #expect(rounds(8, 3, 70_001) == 2 && rounds(12, 4, 70_001) == 2)
  }

  @Test(arguments: shapes, [5, 70_001])
  func `numbers of 16 bits reach all members alike, near the sum, and change it`(shape: (Int, Int), count: Int) {
    let layout = Self.layout(shape.0, shape.1, apart: false)
    let found = sums(layout, count: count, wire: .bfloat16, isInPlace: false).results
    #expect(found.allSatisfy { $0 == found[0] })
    let exact = (0..<count).map { expected(layout, $0) }
    #expect((found[0] == exact) == (shape.1 == 1))
    for element in stride(from: 0, to: count, by: count > 97 ? 97 : 1) {
      // Every node is rounded at most once on each level of the tree, by half of the last of 8 bits.
      let sizes = (0..<layout.nodeCount).reduce(Float(0)) { $0 + abs(Self.number($1, element)) }
      #expect(abs(found[0][element] - exact[element]) <= sizes * 6 / 256, "element \(element)")
    }
  }
}
