import Testing

@testable import Communication

@Suite struct PiecesTests {
  private static func cut(_ capacity: Int, hosts: Int = 2, latency: Double = 30e-6, bandwidth: Double = 125e6) -> Pieces {
    Pieces(capacity: capacity, hosts: hosts, link: hosts == 1 ? nil : Link(latency: latency, bandwidth: bandwidth))
  }

  @Test func `on one host pieces suit the cache, and none waits for another`() {
    let cuts = [1 << 10, 1 << 20, 1 << 27].map { Self.cut($0, hosts: 1) }
    #expect(cuts.map(\.length) == [1 << 14, 1 << 17, 1 << 18])
    #expect(cuts.allSatisfy { $0.depth == 1 && $0.greatestDepth == 1 })
  }

  @Test(arguments: [(2, 30e-6, 125e6), (2, 5e-3, 25e6), (2, 30e-6, 8e9), (16, 30e-6, 8e9), (3, 1e-3, 1e9)])
  func `the pieces under way keep the link busy while the thread rests`(_ hosts: Int, _ latency: Double, _ bandwidth: Double) {
    let pieces = Self.cut(1 << 27, hosts: hosts, latency: latency, bandwidth: bandwidth)
    var rounds = 0
    while 1 << rounds < hosts { rounds += 1 }
    let messages = hosts == 2 ? 1 : 2 * rounds
    let trips = hosts == 2 ? 1 : 2 * Double(hosts - 1) / Double(hosts)
    let busy = trips * 4 * Double(pieces.length) / bandwidth
    #expect(Double(pieces.depth) * busy >= Double(messages) * latency + pieces.pause + busy, "\(pieces)")
    // A small sum waits for milliseconds behind them, unless the link cannot be kept busy otherwise.
    #expect(Double(pieces.depth) * busy < max(5e-3, 4 * (Double(messages) * latency + 200e-6)), "\(pieces)")
  }

  @Test func `a short gradient is cut too, and a piece is worth its messages`() {
    #expect(Self.cut(300_000).length == 5 * 1024)
    #expect(Self.cut(1000).length == 1 << 12)
    #expect(Self.cut(1 << 30, latency: 1, bandwidth: 1e12).length == 1 << 20)
    #expect(Self.cut(1 << 20, latency: 0, bandwidth: .infinity).length == 1 << 16)
  }

  @Test(arguments: [1, 2], [1, 3]) func `what is copied of a gradient has memory, up to 64 MiB of a rank`(hosts: Int, nodes: Int) {
    let (short, long) = (Self.cut(1 << 20, hosts: hosts), Self.cut(1 << 28, hosts: hosts))
    #expect(short.stagingBytes(nodes: nodes, ranks: 2) >= 2 * nodes * 4 << 20)
    #expect(long.stagingBytes(nodes: nodes, ranks: 2) <= 2 * 64 << 20)
    // Sums that are a quarter of a piece long go by themselves.
    for cut in [short, long] { #expect(cut.places * cut.longestShared >= 1 << 20) }
    #expect(long.places * long.longestShared >= 1 << 28 || hosts == 1)
  }
}
