import Communication
import Testing

@Suite struct LinkTests {
  private static let sizes = [4, 64, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24]

  @Test(arguments: [(30e-6, 8e9), (5e-3, 25e6), (1e-6, 1.25e9)])
  func `latency and bandwidth are found again from exact times`(_ latency: Double, _ bandwidth: Double) {
    let link = Link(fitting: Self.sizes.map { ($0, latency + Double($0) / bandwidth) })
    #expect(abs(link.latency / latency - 1) < 1e-9, "found \(link)")
    #expect(abs(link.bandwidth / bandwidth - 1) < 1e-9, "found \(link)")
    let off = link.deviation(from: [(1000, link.seconds(1000)), (5, 1.5 * link.seconds(5)), (9, 0.7 * link.seconds(9))])
    #expect(abs(off - 0.5) < 1e-9)
  }

  @Test func `outliers among the times of a size do not move the fit`() {
    let points = Self.sizes.map { size -> (bytes: Int, seconds: Double) in
      let right = 50e-6 + Double(size) / 1e9
      // Of nine messages four met something: up to a hundred times as long.
      return (size, median([right, right * 100, right, right * 3, right, right * 40, right, right * 7, right]))
    }
    let link = Link(fitting: points)
    #expect(abs(link.latency / 50e-6 - 1) < 1e-9 && abs(link.bandwidth / 1e9 - 1) < 1e-9, "found \(link)")
  }

  @Test func `sizes that a shaper lets through at once do not move the fit`() {
    // Of ten sizes three are up to eight times too fast.
    let factors = [1, 1, 1, 1, 0.5, 0.125, 0.3, 1, 1, 1]
    let points = zip(Self.sizes, factors).map { ($0, (50e-6 + Double($0) / 125e6) * $1) }
    let link = Link(fitting: points)
    #expect(abs(link.latency / 50e-6 - 1) < 0.02 && abs(link.bandwidth / 125e6 - 1) < 0.02, "found \(link)")
  }

  @Test func `five per cent of error in each time is at most ten in latency and bandwidth`() {
    let points = Self.sizes.enumerated().map { index, size in
      (size, (200e-6 + Double(size) / 125e6) * (index.isMultiple(of: 2) ? 1.05 : 0.95))
    }
    let link = Link(fitting: points)
    #expect(abs(link.latency / 200e-6 - 1) < 0.1 && abs(link.bandwidth / 125e6 - 1) < 0.1, "found \(link)")
  }

  @Test func `times without a latency give none, never a negative one`() {
    let link = Link(fitting: [(1000, 0.5e-6), (1_000_000, 1e-3), (2_000_000, 2.2e-3)])
    #expect(link.latency == 0 && link.bandwidth > 5e8 && link.bandwidth < 2.1e9, "found \(link)")
  }

  @Test func `times that do not grow give a latency alone`() {
    let link = Link(fitting: [(4, 2e-3), (1000, 1e-3), (2000, 0.9e-3)])
    #expect(link.latency > 0.9e-3 && link.latency < 2e-3 && link.bandwidth > 1e12, "found \(link)")
  }

  @Test func `medians are those of the middle`() {
    #expect(median([3, 1, 2]) == 2 && median([4, 1, 2, 3]) == 2.5 && median([7]) == 7)
  }

  @Test func `a single process has memory but no link`() throws {
    let measured = try CommunicationMeasurement(SingleProcess())
    #expect(measured.link == nil && measured.points.isEmpty && measured.smallSumSeconds == 0 && !measured.crossesHosts)
    #expect(measured.memoryBandwidth > 1e8 && measured.memoryBandwidth < 1e13, "found \(measured.memoryBandwidth)")
  }
}
