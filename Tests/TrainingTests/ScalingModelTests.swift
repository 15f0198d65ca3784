import Adversarial
import Communication
import Sharding
import Testing

@testable import Training

@Suite struct ScalingModelTests {
  private static let mebibyte = 1_048_576.0

  /// A critic of 4 MiB that is updated twice and a generator of 2.5 MiB; 12 units of arithmetic a step.
  private static let phases = [
    Plan.Phase(
      name: "critic", network: "critic", updates: 2, reductions: 2, readsImages: true, parameters: 1 << 20, forwardFlops: 1,
      backwardFlops: 3,
      leadingFlops: 0, smallSums: [1000]),
    Plan.Phase(
      name: "generator", network: "generator", updates: 1, reductions: 1, readsImages: false, parameters: 5 << 17, forwardFlops: 2,
      backwardFlops: 2,
      leadingFlops: 1, smallSums: [2000, 500]),
  ]

  /// A step of 12 s on one node; a link on which a piece, of 4,096 floats unless latency asks for longer ones, takes 1/32 s.
  private static func model(shards: Int = 16, latency: Double = 0, bandwidth: Double = mebibyte / 2, ranksPerNode: Int = 1) -> ScalingModel
  {
    ScalingModel(
      phases: phases, plan: ShardPlan(batch: 48, shardCount: shards),
      compute: .init(fixedSeconds: 0, secondsPerSample: 12 * Double(ranksPerNode) / 48, includesPartials: true),
      link: Link(latency: latency, bandwidth: bandwidth, gap: 0.001), memoryBandwidth: .infinity, ranksPerNode: ranksPerNode)
  }

  private static func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-9 * max(abs(a), abs(b)) }

  @Test func `one rank computes and does nothing else`() throws {
    var model = Self.model(latency: 1)
    model.memoryBandwidth = 1e6
    model.smallSumSeconds = 1
    let row = try model.row(nodes: 1)
    #expect(row.step == 12 && row.reduction == 0 && row.exposed == 0 && row.smallSums == 0 && row.efficiency == 1)
    #expect(row.images == 96 && row.ranks == 1 && row.blocks == 1)
  }

  @Test func `two nodes send each other all, with one latency for all pieces`() throws {
    var model = Self.model(latency: 0.125)
    model.overlap = 0
    let row = try model.row(nodes: 2)
    // Three gradients of one message a piece, of which as many are under way as keep the link busy; 10.5 MiB at 0.5 MiB/s.
    let expected: Double = 3 * 0.125 + 10.5 * 2
    #expect(Self.isClose(row.reduction, expected), "found \(row)")
    // Without overlap all of it shows.
    #expect(Self.isClose(row.exposed, row.reduction) && row.compute == 6)
    // Two critic gradients with one sum each, a generator gradient with two, one message of flags.
    let small: Double = 5 * 0.125 + 4508 * 2 / Self.mebibyte
    #expect(Self.isClose(row.smallSums, small), "found \(row)")
    #expect(Self.isClose(row.step, 6 + row.exposed + row.smallSums))
    #expect(Self.isClose(row.efficiency, 6 / row.step))
  }

  @Test func `what latency the bytes of the longest pieces do not hide comes with every piece`() throws {
    var model = Self.model(latency: 2.5)
    model.overlap = 0
    let row = try model.row(nodes: 2)
    // 16 + 16 + 10 pieces, one after the other by a third of 2.5 s + 0.5 s; the last of each gradient in full.
    let expected: Double = (15 + 15 + 9) * 1 + 3 * 3
    #expect(Self.isClose(row.reduction, expected), "found \(row)")
  }

  @Test func `a small sum is what was measured where it was measured, and never negative`() throws {
    var model = Self.model(latency: 0.01, bandwidth: .infinity)
    model.smallSumSeconds = -0.004
    // Five sums a step of one or two rounds.
    let (two, four) = (try model.row(nodes: 2).smallSums, try model.row(nodes: 4).smallSums)
    #expect(Self.isClose(two, 0.03) && Self.isClose(four, 0.08), "found \(two), \(four)")
    model.smallSumSeconds = -0.02
    #expect(try model.row(nodes: 2).smallSums == 0)
  }

  @Test func `backward passes and the next phase's forward pass hide what they can`() throws {
    // On two nodes a unit of arithmetic takes 0.5 s, the critic's gradient 8 s and its backward pass 1.5 s; the generator's 5 s and 1 s.
    let slow = try Self.model().row(nodes: 2)
    // The last critic gradient runs on beside 0.5 s of the generator's forward pass.
    let shown: Double = (8 - 1.5) + (8 - 1.5 - 0.5) + (5 - 1)
    #expect(Self.isClose(slow.exposed, shown), "found \(slow)")
    // Eight times the bandwidth: 1 s and 0.625 s. What shows is the last piece of 1/256 s, and of the last critic gradient nothing.
    let fast = try Self.model(bandwidth: 4 * Self.mebibyte).row(nodes: 2)
    #expect(Self.isClose(fast.exposed, 1.0 / 256 + 0 + 1.0 / 256), "found \(fast)")
  }

  @Test func `a piece waits for its sums`() throws {
    var model = Self.model(bandwidth: 4 * Self.mebibyte)
    // Half of the generator's gradient comes at a fifth of its backward pass of 1 s, the rest at the end: its 80 pieces take 5/16 s, which
    // are done before or left. The critic's comes at the beginning.
    model.phases[1].releases = [.init(bytes: 5 << 18, share: 0.2), .init(bytes: 5 << 18, share: 1)]
    #expect(Self.isClose(try model.row(nodes: 2).exposed, 1.0 / 256 + 0 + 5.0 / 16))
    // The latency shows once.
    model.link.latency = 0.005
    #expect(Self.isClose(try model.row(nodes: 2).exposed, 1.0 / 256 + 0.005 + 0 + 5.0 / 16 + 0.005))
    model.link.latency = 0
    model.overlap = 0
    let none = try model.row(nodes: 2)
    #expect(Self.isClose(none.exposed, none.reduction))
  }

  @Test func `without a spare core the additions of a node always show`() throws {
    var model = Self.model(bandwidth: 4 * Self.mebibyte, ranksPerNode: 2)
    model.memoryBandwidth = 8 * Self.mebibyte
    let spare = try model.row(nodes: 2)
    model.hasSpareCore = false
    let none = try model.row(nodes: 2)
    // Three passes of two local ranks over 10.5 MiB at 8 MiB/s.
    let additions = 3 * 10.5 / 8
    #expect(Self.isClose(spare.reduction, additions + 10.5 / 4) && none.reduction == spare.reduction, "found \(spare)")
    #expect(Self.isClose(none.exposed, 1.0 / 256 + 0 + 1.0 / 256 + additions), "found \(none)")
    #expect(spare.exposed < none.exposed)
  }

  @Test func `three nodes exchange directly and pay for their partial blocks`() throws {
    var model = Self.model(shards: 16, latency: 0.125)
    model.overlap = 0
    // Shards 0..<5, 5..<10, 10..<16 are nodes {0-3, 4}, {5, 6-7, 8-9}, {10-11, 12-15}: up to three blocks.
    let row = try model.row(nodes: 3)
    #expect(row.blocks == 3)
    // Two latencies for each gradient, six gaps for each of 37 + 37 + 23 pieces of 28 Ki floats.
    #expect(model.pieces(3).length == 28 * 1024)
    let apart = 3 * 2 * 0.125 + 97 * 6 * 0.001
    // Two thirds of the bytes, three times there and once back.
    let bytes = 10.5 * 2 * 2 / 3
    #expect(Self.isClose(row.reduction, apart + 4 * bytes), "found \(row)")
    // The rank with most samples, 18 of 48, sets the pace.
    #expect(Self.isClose(row.compute, 12.0 * 18 / 48))
  }

  @Test func `a power of two halves only while each node has one block`() throws {
    #expect(try Self.model(shards: 16).row(nodes: 4).blocks == 1)
    let uneven = try Self.model(shards: 12, latency: 0.125).row(nodes: 4)
    #expect(uneven.blocks == 2)
    let even = try Self.model(shards: 16, latency: 0.125).row(nodes: 4)
    // Pieces are of 25 Ki floats, 41 + 41 + 26. (2 + 1) in place of 2 quarters of the bytes; two latencies in place of four.
    let bytes = 10.5 * 2 * 3 / 4
    #expect(Self.isClose(even.reduction, 3 * 4 * 0.125 + 2 * bytes), "found \(even)")
    #expect(Self.isClose(uneven.reduction, 3 * 2 * 0.125 + 108 * 7 * 0.001 + 3 * bytes), "found \(uneven)")
  }

  @Test func `a perfect link leaves the additions of the node alone`() throws {
    var model = Self.model(bandwidth: .infinity, ranksPerNode: 4)
    model.link.gap = 0
    model.memoryBandwidth = Self.mebibyte
    let (one, four) = (try model.row(nodes: 1), try model.row(nodes: 4))
    // Five passes over 10.5 MiB.
    #expect(Self.isClose(one.reduction, 52.5) && Self.isClose(four.reduction, 52.5))
    #expect(four.smallSums == 0 && four.compute == 3)
    model.memoryBandwidth = .infinity
    #expect(try model.row(nodes: 4).efficiency == 1)
  }

  @Test func `partial gradients cost what is not measured, and shrink with the nodes`() throws {
    var model = Self.model()
    model.memoryBandwidth = Self.mebibyte
    #expect(try model.row(nodes: 1).compute == 12)
    model.compute.includesPartials = false
    let (one, four) = (try model.row(nodes: 1), try model.row(nodes: 4))
    #expect(Self.isClose(one.partials, 2 * 10.5 * 16) && Self.isClose(one.compute, 12 + one.partials))
    #expect(Self.isClose(four.partials, one.partials / 4))
  }

  @Test(arguments: [1, 2], [0.0, 0.5, 1.0])
  func `more nodes are faster on a good link and never more than in proportion`(ranksPerNode: Int, overlap: Double) throws {
    var model = Self.model(shards: 16, latency: 1e-5, bandwidth: 1e9, ranksPerNode: ranksPerNode)
    model.memoryBandwidth = 1e10
    model.smallSumSeconds = 1e-5
    model.compute.fixedSeconds = 0.1
    model.overlap = overlap
    let rows = try [1, 2, 4, 8].map { try model.row(nodes: $0) }
    for (fewer, more) in zip(rows, rows.dropFirst()) {
      #expect(more.step < fewer.step && more.efficiency < fewer.efficiency && more.efficiency > 0.3, "\(fewer) \(more)")
      #expect(more.smallSums > fewer.smallSums && more.reduction > fewer.reduction)
    }
    for nodes in 1...(16 / ranksPerNode) {
      let row = try model.row(nodes: nodes)
      #expect(row.efficiency <= 1 && row.exposed <= row.reduction + 1e-12 && row.exposed >= 0, "\(row)")
    }
  }

  @Test func `a worse link is never faster`() throws {
    for nodes in 2...16 {
      let good = try Self.model(latency: 1e-3, bandwidth: 1e7).row(nodes: nodes)
      #expect(try Self.model(latency: 2e-3, bandwidth: 1e7).row(nodes: nodes).step > good.step)
      #expect(try Self.model(latency: 1e-3, bandwidth: 1e6).row(nodes: nodes).step > good.step)
    }
  }

  @Test func `more ranks than shards are refused with both numbers and the remedy`() {
    let error = #expect(throws: RunError.self) { try Self.model(ranksPerNode: 2).row(nodes: 9) }
    #expect(error?.code == .usage)
    #expect(error?.description.contains("--nodes 9: 18 ranks for 16 shards; plan at most 8 nodes") == true, "\(error?.description ?? "")")
  }
}
