public import Communication
import Glibc
public import Sharding

/// How long a step takes on `nodes` nodes, by a formula: compute, reductions of gradients, small sums, and what of them overlaps.
///
/// With N nodes of r ranks, a gradient in pieces (`Pieces`), memory of M bytes/s a node, a link of latency α,
/// bandwidth B and gap g, and m partial blocks a node and n a rank (the maximal nodes of the shard tree in their shards):
/// - a piece of s bytes takes `s(rn + 1)/M` on its node, every local rank adding its slice of all blocks, and `l + w` between nodes: by
///   recursive halving and doubling `l = 2·log₂N·α, w = 2(N-1)/N·s/B` where N is a power of two and m = 1, but two nodes send each other all
///   of it and wait once, `l = α`; or else by direct exchange
///   `l = 2α, w = (m(N-1) - 1)g + (N-2)g + (m + 1)(N-1)/N·s/B`: all messages of a half are posted at once, and m blocks travel in the first
///   half;
/// - of D pieces under way the latencies hide behind each other's bytes, so that one follows the other after `max(w, (l + w)/D)`. A piece
///   goes when its sums are there. What is left after the backward pass is at least the last. The last gradient of a phase is hidden
///   further by the next phase's forward pass, until that reads the updated network;
/// - a sum of s bytes in a message of its own takes `⌈log₂N⌉(α + s/B) + c`, and all of it shows; each step has one more for flags;
/// - compute is a fixed time, the optimizer's, plus a time for each sample of the rank with most of them, in proportion to FLOPs over
///   the phases.
///
/// Not in the model: ranks that wait for the slowest one at each sum, and small sums behind gradients on the same link.
public struct ScalingModel: Sendable, Equatable {
  /// The compute time of a step on one rank, without communication.
  public struct Compute: Sendable, Equatable {
    /// Seconds that do not depend on the batch.
    public var fixedSeconds: Double
    /// Seconds for each sample of the rank's share of one batch; a step with several gradients is counted whole.
    public var secondsPerSample: Double
    /// Whether the partial gradients of the shards are in these times already, since they were measured.
    public var includesPartials: Bool

    /// A time of these numbers.
    public init(fixedSeconds: Double, secondsPerSample: Double, includesPartials: Bool) {
      self.fixedSeconds = fixedSeconds
      self.secondsPerSample = secondsPerSample
      self.includesPartials = includesPartials
    }
  }

  /// The phases of a step.
  public var phases: [Plan.Phase]
  /// The batch and its shards.
  public var plan: ShardPlan
  /// Compute time.
  public var compute: Compute
  /// Between nodes.
  public var link: Link
  /// Bytes per second that the ranks of a node read and write together.
  public var memoryBandwidth: Double
  /// Ranks of a node.
  public var ranksPerNode: Int
  /// Seconds that a small sum takes beside the link; below zero where sums are faster than the link's messages one after another.
  public var smallSumSeconds: Double
  /// Share of the passes that reductions may run beside, 0 to 1.
  public var overlap = 1.0
  /// Whether a core is free for the thread that reduces; if not, its additions delay the compute threads and always show.
  public var hasSpareCore = true

  /// Bytes of a rank for gradients on their way on this many nodes: its own pieces, and its part of the sums.
  public func messageBytes(nodes: Int) -> Int {
    let ranks = nodes * ranksPerNode
    if ranks == 1 { return 0 }
    let blocks = mostBlocks((0..<ranks).map { plan.shards(ofRank: $0, of: ranks) }, apart: true)
    return pieces(nodes).stagingBytes(nodes: blocks, ranks: 1) + 4 * longestGradient / ranksPerNode
  }

  /// Floats of the longest gradient.
  private var longestGradient: Int { phases.map(\.parameters).max() ?? 0 }

  /// How gradients are cut between this many nodes.
  func pieces(_ nodes: Int) -> Pieces { Pieces(capacity: longestGradient, hosts: nodes, link: link) }

  /// A model of these parts.
  public init(
    phases: [Plan.Phase], plan: ShardPlan, compute: Compute, link: Link, memoryBandwidth: Double, ranksPerNode: Int = 1,
    smallSumSeconds: Double = 0
  ) {
    self.phases = phases
    self.plan = plan
    self.compute = compute
    self.link = link
    self.memoryBandwidth = memoryBandwidth
    self.ranksPerNode = ranksPerNode
    self.smallSumSeconds = smallSumSeconds
  }

  /// A step on some number of nodes.
  public struct Row: Sendable, Equatable {
    /// Nodes.
    public var nodes: Int
    /// Ranks of all nodes.
    public var ranks: Int
    /// Seconds of compute on the rank with most samples, partial gradients included.
    public var compute: Double
    /// Of these, seconds of writing and reading the partial gradients of the shards.
    public var partials: Double
    /// Partial blocks that a node sends in the first half of a reduction.
    public var blocks: Int
    /// Seconds of all reductions of gradients, hidden or not.
    public var reduction: Double
    /// Of these, the seconds in which nothing is computed.
    public var exposed: Double
    /// Seconds of sums in messages of their own.
    public var smallSums: Double
    /// Real images of a step.
    public var images: Int
    /// Time of a step on one node by the same formulas.
    public var oneNode: Double

    /// Seconds of a step.
    public var step: Double { compute + exposed + smallSums }
    /// Time on one node over the nodes' time together; 1 is perfect.
    public var efficiency: Double { oneNode / (Double(nodes) * step) }
  }

  /// The most nodes whose ranks all have a shard.
  public var mostNodes: Int { plan.shardCount / ranksPerNode }

  /// The step on `nodes` nodes.
  /// - Throws: `RunError` with exit code 64 when there are more ranks than shards.
  public func row(nodes: Int) throws -> Row {
    let ranks = nodes * ranksPerNode
    guard nodes >= 1 else { throw RunError(.usage, "--nodes \(nodes): at least 1 is needed") }
    guard ranks <= plan.shardCount else {
      throw RunError(
        .usage,
        "--nodes \(nodes): \(ranks) ranks for \(plan.shardCount) shards; plan at most \(mostNodes) nodes, or set "
          + "--shards (at most the batch of \(plan.batch)) higher")
    }
    var row = unscaledRow(nodes)
    row.oneNode = nodes == 1 ? row.step : ranksPerNode <= plan.shardCount ? unscaledRow(1).step : row.step
    return row
  }

  private func unscaledRow(_ nodes: Int) -> Row {
    let ranks = nodes * ranksPerNode
    let nodeShards = (0..<nodes).map { plan.shards(ofNode: $0, of: nodes, ranksPerNode: ranksPerNode) }
    let rankShards = (0..<ranks).map { plan.shards(ofRank: $0, of: ranks) }
    let (blocks, localBlocks) = (mostBlocks(nodeShards, apart: false), mostBlocks(rankShards, apart: true))
    let reduction = Reduction(model: self, nodes: nodes, blocks: blocks, localBlocks: localBlocks)
    let samples = (0..<ranks).map { plan.samples(ofRank: $0, of: ranks).count }.max() ?? 1
    // Of each part of a batch; what crosses the ranks is their sum.
    let gradientBytes = phases.reduce(0.0) { $0 + Double($1.updates * $1.gradientBytes) }
    // Each shard's partial gradient is written and read once more: V/N shards on a node.
    let partials = 2 * gradientBytes * Double(plan.shardCount) / Double(nodes) / memoryBandwidth
    let shared = compute.secondsPerSample * Double(samples)
    var row = Row(
      nodes: nodes, ranks: ranks, compute: compute.fixedSeconds + shared + (compute.includesPartials ? 0 : partials), partials: partials,
      blocks: blocks, reduction: 0, exposed: 0, smallSums: ranks == 1 ? 0 : smallSum(8, nodes), images: 0, oneNode: 0)
    let flops = phases.reduce(0) { $0 + Double($1.updates) * $1.flops }
    for (index, phase) in phases.enumerated() where phase.updates > 0 {
      let (updates, reductions) = (Double(phase.updates), Double(phase.reductions))
      let next = phases[(index + 1) % phases.count]
      let secondsPerFlop = flops > 0 ? shared / flops : 0
      let time = reduction.seconds(Double(phase.gradientBytes))
      let left = exposed(reduction, phase, behind: phase.backwardFlops * secondsPerFlop)
      let hidden = next.network == phase.network ? 0 : overlap * next.leadingFlops * secondsPerFlop
      row.reduction += reductions * time.all
      row.exposed += (reductions - 1) * (left.wire + left.cores) + max(0, left.wire - hidden) + left.cores
      let sums = phase.smallSums.map { smallSum(Double($0), nodes) }
      if ranks > 1 { row.smallSums += updates * sums.reduce(0, +) }
      if phase.readsImages { row.images += phase.updates * plan.batch }
    }
    return row
  }

  /// What of a reduction is left when its backward pass of `seconds` is done.
  private func exposed(_ reduction: Reduction, _ phase: Plan.Phase, behind seconds: Double) -> (wire: Double, cores: Double) {
    let time = reduction.seconds(Double(phase.gradientBytes))
    let (whole, last) = hasSpareCore ? (time.all, time.lastPiece) : (time.between, time.lastPieceBetween)
    let late = lateness(phase, 4 * pieces(reduction.nodes).length, whole: whole, latency: time.latency, behind: seconds)
    return (max(last, whole - overlap * (whole - late)), hasSpareCore ? 0 : time.local)
  }

  /// Seconds from the end of a backward pass to that of its reduction, each piece of which waits for its sums and for the piece before it.
  private func lateness(_ phase: Plan.Phase, _ piece: Int, whole: Double, latency: Double, behind seconds: Double) -> Double {
    let total = phase.releases.reduce(0) { $0 + $1.bytes }
    guard total > 0 else { return max(0, whole - seconds) }
    var (sent, released, end) = (0, 0, 0.0)
    for release in phase.releases {
      released += release.bytes
      while released - sent >= piece || released == total && sent < total {
        let length = min(piece, total - sent)
        sent += length
        end = max(end, release.share * seconds) + (whole - latency) * Double(length) / Double(total)
      }
    }
    return max(0, end + latency - seconds)
  }

  private func smallSum(_ bytes: Double, _ nodes: Int) -> Double {
    max(0, Double(Reduction.rounds(nodes)) * link.seconds(bytes) + smallSumSeconds)
  }

  /// The most partial sums of one of these runs of shards: a rank's may be kept apart by shard, a host's never are.
  private func mostBlocks(_ runs: [Range<Int>], apart: Bool) -> Int {
    runs.map { apart ? plan.nodes(in: $0).count : plan.tree.nodes(in: $0).count }.max() ?? 1
  }
}

extension ShardPlan {
  /// Shards of all ranks of a node; they are adjacent.
  func shards(ofNode node: Int, of nodes: Int, ranksPerNode: Int) -> Range<Int> {
    let ranks = nodes * ranksPerNode
    let first = shards(ofRank: node * ranksPerNode, of: ranks)
    let last = shards(ofRank: (node + 1) * ranksPerNode - 1, of: ranks)
    return first.lowerBound..<last.upperBound
  }
}
