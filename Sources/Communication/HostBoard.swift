internal import Sharding

/// Where the ranks of a host meet in shared memory: barriers, and sums of short vectors with no message on the host.
@safe final class HostBoard {
  /// Floats that one rank can bring to a short sum.
  static let slot = 1 << 16
  private let memory: SharedMemory
  private let rank: Int
  private let size: Int
  private let leaders: MessageSums?
  private let patience: Patience
  private let arrived: Counters
  private let published: Counters
  private let answered: Counters
  private var barriers: UInt64 = 0
  private var sums: UInt64 = 0

  /// Bytes of a board of `size` ranks: counters, then per rank two slots used in turn, then two for answers.
  static func byteCount(_ size: Int) -> Int { counterBytes(size) + (size + 1) * 2 * slot * 4 }

  private static func counterBytes(_ size: Int) -> Int {
    (2 * Counters.byteCount(size) + Counters.byteCount(1) + 4095) / 4096 * 4096
  }

  /// A board for rank `rank` of `size`.
  /// - Parameters:
  ///   - leaders: the first ranks of the hosts; on such a rank of a run over several hosts.
  ///   - patience: how the ranks wait for each other.
  init(_ memory: SharedMemory, rank: Int, size: Int, leaders: MessageSums?, patience: Patience) {
    self.memory = memory
    self.rank = rank
    self.size = size
    self.leaders = leaders
    self.patience = patience
    arrived = unsafe Counters(at: memory.base, count: size)
    published = unsafe Counters(at: memory.base + Counters.byteCount(size), count: size)
    answered = unsafe Counters(at: memory.base + 2 * Counters.byteCount(size), count: 1)
  }

  /// Waits for all ranks of the host.
  func barrier() {
    barriers += 1
    arrived.raise(rank, to: barriers)
    arrived.wait(for: barriers, patience)
  }

  private func slot(_ owner: Int) -> UnsafeMutablePointer<Float> {
    let start = Self.counterBytes(size) + (owner * 2 + Int(sums & 1)) * Self.slot * 4
    return unsafe (memory.base + start).assumingMemoryBound(to: Float.self)
  }

  /// Whether a sum of `count` elements fits.
  static func fits(_ layout: HostLayout, count: Int) -> Bool { layout.largestMember * count <= slot }

  /// The root sum over all hosts of the blocks that each rank brings, on every rank.
  ///
  /// A slot is written again two sums later. Whoever has come that far has seen an answer that its readers gave after they had read it.
  func sum(_ partials: UnsafeMutablePointer<Float>, count: Int, layout: HostLayout, into result: UnsafeMutablePointer<Float>) throws {
    sums += 1
    unsafe slot(rank).update(from: partials, count: layout.local.nodes(ofMember: rank).count * count)
    published.raise(rank, to: sums)
    if layout.isOneHost {
      published.wait(for: sums, patience)
      return unsafe layout.local.add(nodes(count, layout), count: count, into: [result])
    }
    let answer = unsafe slot(size)
    if let leaders {
      published.wait(for: sums, patience)
      try unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: layout.local.sumCount * count) { scratch in
        let blocks = unsafe (0..<layout.local.sumCount).map { unsafe scratch.baseAddress! + $0 * count }
        unsafe layout.local.add(nodes(count, layout), count: count, into: blocks)
        try unsafe leaders.sum(blocks.map { unsafe UnsafePointer($0) }, count: count, layout: layout.global, into: answer)
      }
      answered.raise(0, to: sums)
    } else {
      answered.wait(for: sums, patience)
    }
    unsafe result.update(from: answer, count: count)
  }

  private func nodes(_ count: Int, _ layout: HostLayout) -> [UnsafePointer<Float>] {
    unsafe (0..<size).flatMap { owner in
      unsafe (0..<layout.local.nodes(ofMember: owner).count).map { unsafe UnsafePointer(slot(owner) + $0 * count) }
    }
  }
}

/// The two levels of a shard tree over hosts: ranks of this host to its nodes, nodes of all hosts to the root.
struct HostLayout {
  /// This host's ranks; adds to the host's nodes.
  let local: TreeLayout
  /// The hosts; adds to the root.
  let global: TreeLayout
  /// Whether this host has all ranks.
  let isOneHost: Bool
  /// Nodes of the rank that brings most.
  let largestMember: Int

  /// - Parameters:
  ///   - hostSizes: ranks of each host, in the order of ranks.
  ///   - host: number of this host.
  init(plan: ShardPlan, hostSizes: [Int], host: Int) {
    let ranks = hostSizes.reduce(0, +)
    let firsts = hostSizes.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
    let members = (0..<ranks).map { plan.nodes(in: plan.shards(ofRank: $0, of: ranks)) }
    isOneHost = hostSizes.count == 1
    largestMember = members.map(\.count).max() ?? 0
    let hostNodes = hostSizes.indices.map { index in
      let shards = (firsts[index]..<firsts[index + 1]).map { plan.shards(ofRank: $0, of: ranks) }
      return plan.tree.nodes(in: (shards.first?.lowerBound ?? 0)..<(shards.last?.upperBound ?? 0))
    }
    local = TreeLayout(
      tree: plan.tree, members: Array(members[firsts[host]..<firsts[host + 1]]), sums: hostNodes[host])
    global = TreeLayout(tree: plan.tree, members: hostNodes, sums: [0..<plan.shardCount])
  }
}
