internal import Glibc
internal import Sharding

/// What sums over the ranks can count on here: the link between hosts, the memory of a host, and the time of a small sum.
public struct CommunicationMeasurement: Sendable {
  /// Between two hosts, or between two ranks of the only host; nil for a single process.
  public let link: Link?
  /// Median seconds by message size of the slowest pair, which is the one that a sum over all waits for.
  public let points: [(bytes: Int, seconds: Double)]
  /// Whether the link joins hosts rather than ranks of one host.
  public let crossesHosts: Bool
  /// Bytes per second that all ranks of a host read and write together while each adds two vectors larger than the caches.
  public let memoryBandwidth: Double
  /// Seconds of a sum of 256 floats over all ranks; 0 for a single process.
  public let smallSumSeconds: Double
  /// Sums that are timed together, since one alone may find the others' messages there already.
  private static let rowLength = 8
  /// Floats of that sum.
  public static let smallSumCount = 256

  /// Measures together with all ranks; takes a few seconds, more on slow links.
  /// - Throws: `CommunicationError` when a message fails.
  public init(_ communicator: any Communicator) throws {
    let exchange = try (communicator as? MPICommunicator)?.measuredExchanges()
    let points = exchange?.points ?? []
    self.points = points
    crossesHosts = communicator.hosts > 1
    link = exchange.map { exchange in
      Link(fitting: points, gap: exchange.gap)
    }
    // Small sums go through shared memory in a training, too.
    _ = try communicator.canShare(1 << 24)
    try communicator.barrier()
    let rate = Self.additionRate()
    memoryBandwidth = (try communicator.everyNumber(rate).min() ?? rate) * Double(communicator.localSize)
    smallSumSeconds = communicator.size == 1 ? 0 : try Self.smallSum(communicator)
  }

  /// Bytes per second of `sum = left + right` over vectors of 64 MiB in one thread: what a rank's own part of a sum runs at.
  private static func additionRate() -> Double {
    let count = 16 << 20
    // Left, right and sum; written before they are timed, so that the kernel's zeroing of fresh pages is not.
    let left = UnsafeMutablePointer<Float>.allocate(capacity: 3 * count)
    defer { unsafe left.deallocate() }
    unsafe left.initialize(repeating: 1, count: 3 * count)
    let (right, sum) = unsafe (left + count, left + 2 * count)
    let times = (0..<5).map { _ in
      elapsed { for element in 0..<count { unsafe sum[element] = left[element] + right[element] } }
    }
    return Double(3 * 4 * count) / median(times)
  }

  private static func smallSum(_ communicator: any Communicator) throws -> Double {
    let plan = ShardPlan(batch: communicator.size, shardCount: communicator.size)
    // Copies on every rank's heap, as layers have them; what they add up to does not matter.
    var values = [Float](repeating: 1e-30, count: smallSumCount)
    func row() throws -> Double {
      try elapsed {
        for _ in 0..<rowLength {
          try unsafe values.withUnsafeMutableBufferPointer {
            try unsafe communicator.sumTree($0.baseAddress!, count: smallSumCount, plan: plan, into: $0.baseAddress!)
          }
        }
      } / Double(rowLength)
    }
    // The first sums open connections. The slowest rank's time counts.
    _ = try row()
    let own = median(try (0..<7).map { _ in try row() })
    return try communicator.everyNumber(own).max() ?? own
  }
}

extension Communicator {
  /// The number of every rank, on every rank, by rank.
  public func everyNumber(_ own: Double) throws -> [Double] {
    let words = try unsafe withUnsafeBytes(of: own.bitPattern.littleEndian) { try unsafe allGather($0) }
    return words.map { Double(bitPattern: $0.enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }) }
  }
}

/// Wall seconds of `body`.
func elapsed(_ body: () throws -> Void) rethrows -> Double {
  try ContinuousClock().measure(body) / .seconds(1)
}
