/// How a stream of long sums is cut into pieces, and how many of them are under way between hosts at once. No sum depends on it.
public struct Pieces: Sendable, Equatable {
  /// Floats of a whole piece.
  public let length: Int
  /// Pieces that may be under way at once; on one host none waits for another.
  public let depth: Int
  /// Pieces that may be when the sender waits for them: no sum that cannot wait comes behind these.
  public let greatestDepth: Int
  /// Seconds between two looks at what is under way.
  public let pause: Double
  /// Floats of the longest gradient.
  private let capacity: Int
  private let isOneHost: Bool

  /// The cut of gradients of up to `capacity` floats.
  ///
  /// On one host slices of a piece should stay in the cache. Between hosts sums that cannot wait travel behind the pieces under way, so
  /// these are short: with D under way one follows the other after `max(w, (l + w)/D)`, where w is the time that a piece keeps the link busy
  /// and l what it waits for, its latencies and a pause of `w/4`; the link stays busy from `w = l/(D - 1)` on. A longer piece costs less,
  /// up to a millisecond, but a gradient makes 64 where it can, so that the first travel while the last are computed. Of two hosts each sends
  /// the other all of a piece, `w = s/B` with one latency; more hosts halve and double (see `MessagePlan`).
  /// - Parameters:
  ///   - capacity: floats of the longest gradient.
  ///   - hosts: hosts of the run.
  ///   - link: between two of them; nil on one host.
  public init(capacity: Int, hosts: Int, link: Link?) {
    self.capacity = capacity
    isOneHost = hosts == 1
    func part(_ count: Int) -> Int { (capacity / count + 1023) / 1024 * 1024 }
    guard let link, !isOneHost else {
      length = max(1 << 14, min(1 << 18, part(8)))
      (depth, greatestDepth, pause) = (1, 1, Self.shortestPause)
      return
    }
    (depth, greatestDepth) = (3, 16)
    let rounds = Double(Int.bitWidth - (hosts - 1).leadingZeroBitCount)
    let (messages, trips) = hosts == 2 ? (1.0, 1.0) : (2 * rounds, 2 * Double(hosts - 1) / Double(hosts))
    func floats(_ seconds: Double) -> Int { (Int(min(seconds * link.bandwidth / (4 * trips), 0x1p20)) + 1023) / 1024 * 1024 }
    // A thread that wakes is at work about as much later as it slept at least. Each with each, to post messages may take a quarter.
    let waits = messages * (link.latency + 2 * Self.shortestPause) / (Double(depth) - 1 - 0.25)
    let busy = max(waits, hosts == 2 ? 0 : 4 * 2 * Double(hosts - 1) * link.gap)
    length = max(1 << 12, min(floats(busy), part(16)), min(floats(1e-3), part(64)))
    pause = max(Self.shortestPause, trips * Double(length) / link.bandwidth)
  }

  /// Seconds that a thread sleeps at least.
  private static let shortestPause = 1e-6 * Double(Patience.nap)

  /// Floats from which on a sum is not copied together with others into a piece: on one host a copy costs more than a piece does. Between
  /// hosts it is the other way round, but a sum that is copied waits for those that fill the piece.
  var longestShared: Int { isOneHost ? 1 << 14 : length / 4 }

  /// Pieces that can be copied and under way: all of a gradient and one more, within 64 MiB of each rank's memory but at least two.
  /// - Parameter nodes: nodes of the shard tree that the rank with most of them brings.
  func slotCount(nodes: Int) -> Int { max(2, min((capacity + length - 1) / length + 1, (1 << 24) / (length * nodes))) }

  /// Pieces that may have been sent and not be summed: all of a gradient, whose sums may be a quarter of a piece long, and more.
  var places: Int { 1024 + 4 * capacity / length }

  /// Bytes that the ranks of a host share for partial sums that are copied; its sums come on top.
  /// - Parameters:
  ///   - nodes: nodes of the shard tree that the rank with most of them brings.
  ///   - ranks: ranks of the host.
  public func stagingBytes(nodes: Int, ranks: Int) -> Int { ranks * slotCount(nodes: nodes) * nodes * length * 4 }
}
