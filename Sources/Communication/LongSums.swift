internal import Foundation
internal import Synchronization

/// A piece of a stream of long sums.
struct SumChunk: Sendable {
  /// Number of the piece, from 1.
  let number: Int
  /// Where its first sum goes among the results.
  let position: Int
  /// Number of sums.
  let count: Int
}

/// Memory that pieces go through, and who adds them.
protocol ChunkWay: AnyObject {
  /// Floats of a whole piece of one node.
  var chunk: Int { get }
  /// Pieces that can be under way.
  var slots: Int { get }
  /// Blocks that this rank brings for each piece, each with room for a whole piece.
  var blocks: Int { get }
  /// The sums, in the order they were sent.
  var results: UnsafeMutablePointer<Float> { get }
  /// This rank's blocks of a slot.
  func staging(_ slot: Int) -> UnsafeMutablePointer<Float>
  /// Makes sure that `count` results have memory.
  func reserve(results count: Int) throws
  /// Tells the other ranks that this rank's blocks of a piece are there.
  func publish(_ number: Int)
  /// Whether the blocks of all ranks of this host are there.
  func isPublished(_ number: Int) -> Bool
  /// Adds a piece over the ranks, once it is published; called for one piece after the other.
  func sum(_ chunk: SumChunk) throws
  /// Whether all sums of a piece are among the results, and its blocks are read.
  func isSummed(_ number: Int) -> Bool
}

/// Long sums over the batch, cut into pieces that cross the ranks in the order they were sent, while the sender computes.
///
/// Every rank sends the same counts in the same order. Not for several senders.
public final class LongSums {
  /// Seconds spent on long sums.
  public struct Times: Sendable {
    /// While the sender could not go on, though all ranks of its host had sent.
    public var exposed = 0.0
    /// While other ranks of the host had not sent yet: what their work took longer.
    public var idle = 0.0
    /// In the additions and messages themselves.
    public var carried = 0.0
    /// No time at all.
    public init() {}
  }

  /// Floats of a piece of a gradient of `capacity` floats.
  ///
  /// Between hosts a piece is worth its latency; on one host its slices should stay in the cache. A short gradient is cut too, so that its
  /// first pieces travel while the last are computed.
  public static func pieceLength(capacity: Int, hosts: Int) -> Int {
    let largest = hosts == 1 ? 1 << 18 : 1 << 20
    return max(1 << 14, min(largest, (capacity / 8 + 1023) / 1024 * 1024))
  }

  /// Pieces that can be under way: all of a gradient and one more, within 64 MiB of each rank's memory but at least two.
  static func slotCount(capacity: Int, hosts: Int, nodes: Int) -> Int {
    let chunk = pieceLength(capacity: capacity, hosts: hosts)
    return max(2, min((capacity + chunk - 1) / chunk + 1, (1 << 24) / (chunk * nodes)))
  }

  /// Bytes that the ranks of a host share for partial sums of a gradient of `capacity` floats on their way; its sums come on top.
  /// - Parameters:
  ///   - nodes: nodes of the shard tree that the rank with most of them brings.
  ///   - ranks: ranks of the host.
  public static func stagingBytes(capacity: Int, hosts: Int, nodes: Int, ranks: Int) -> Int {
    ranks * slotCount(capacity: capacity, hosts: hosts, nodes: nodes) * nodes * pieceLength(capacity: capacity, hosts: hosts) * 4
  }

  private let way: any ChunkWay
  private let carrier: ChunkCarrier
  private let isThreaded: Bool
  private var exposed = 0.0
  private var idle = 0.0
  /// Results sent and not forgotten.
  private var unread = 0
  /// The piece being filled: its number, first position and floats so far.
  private var open = (number: 1, position: 0, count: 0)

  /// - Parameter isThreaded: whether a thread adds; if not, `send` does when a piece is full.
  init(_ way: any ChunkWay, isThreaded: Bool) {
    self.way = way
    self.isThreaded = isThreaded
    carrier = ChunkCarrier(way)
    if isThreaded { carrier.start() }
  }

  deinit { carrier.stop() }

  /// Seconds since the start.
  public var times: Times {
    var times = Times()
    (times.exposed, times.idle, times.carried) = (exposed, idle, carrier.seconds)
    return times
  }

  /// Takes partial sums, which may be overwritten afterwards.
  /// - Parameter partials: one block of `count` floats for each node of this rank, in order.
  /// - Returns: where their sum will be among the results.
  public func send(_ partials: UnsafePointer<Float>, count: Int) throws -> Range<Int> {
    let start = open.position + open.count
    try way.reserve(results: start + count)
    var done = 0
    while done < count {
      if open.count == 0 { try wait(for: open.number - way.slots) }
      let length = min(count - done, way.chunk - open.count)
      let blocks = unsafe way.staging((open.number - 1) % way.slots)
      for block in 0..<way.blocks {
        unsafe (blocks + block * way.chunk + open.count).update(from: partials + block * count + done, count: length)
      }
      open.count += length
      done += length
      if open.count == way.chunk { try flush() }
    }
    unread += count
    return start..<(start + count)
  }

  /// Sends off what does not fill a piece.
  public func flush() throws {
    guard open.count > 0 else { return }
    let chunk = SumChunk(number: open.number, position: open.position, count: open.count)
    open = (open.number + 1, open.position + open.count, 0)
    way.publish(chunk.number)
    if isThreaded { return carrier.add(chunk) }
    spend(&idle) { Patience.wait { way.isPublished(chunk.number) } }
    try spend(&exposed) { try carrier.carry(chunk) }
  }

  /// Everything sent so far, summed; waits for it. Valid until all of it is forgotten.
  public func results() throws -> UnsafePointer<Float> {
    try flush()
    try wait(for: open.number - 1)
    return unsafe UnsafePointer(way.results)
  }

  /// Says that `count` of the results have been read; when all have, they may be overwritten.
  ///
  /// Other ranks overwrite them no sooner, since a piece is added only when every rank has published it.
  public func forget(_ count: Int) {
    precondition(open.count == 0 && count <= unread, "LongSums: \(count) results were forgotten, \(unread) are unread")
    unread -= count
    if unread == 0 { open.position = 0 }
  }

  /// Waits until a piece is summed.
  private func wait(for number: Int) throws {
    if !way.isSummed(number) {
      spend(&idle) { Patience.wait { carrier.hasFailed || way.isPublished(number) } }
      spend(&exposed) { Patience.wait { carrier.hasFailed || way.isSummed(number) } }
    }
    try carrier.check()
  }

  private func spend(_ seconds: inout Double, _ body: () throws -> Void) rethrows {
    let start = ContinuousClock.now
    try body()
    seconds += start.duration(to: .now) / .seconds(1)
  }
}

/// The thread that adds pieces one after the other.
///
/// Sound as `Sendable`: what varies is touched only while `condition` is locked, or is atomic. The sender calls `way` at the same time, but
/// never its `sum`, and stays out of the blocks that `sum` reads until it has counted them as summed.
private final class ChunkCarrier: @unchecked Sendable {
  private let way: any ChunkWay
  private let condition = NSCondition()
  private var waiting: [SumChunk] = []
  private var isStopped = false
  private var failure: (any Error)?
  private let failed = Atomic<Bool>(false)
  private let nanoseconds = Atomic<Int>(0)

  init(_ way: any ChunkWay) { self.way = way }

  var hasFailed: Bool { failed.load(ordering: .acquiring) }
  var seconds: Double { Double(nanoseconds.load(ordering: .relaxed)) * 1e-9 }

  func start() {
    let thread = Thread { [self] in
      while let chunk = next() {
        do {
          try carry(chunk)
        } catch {
          condition.withLock { failure = error }
          failed.store(true, ordering: .releasing)
          // Later pieces would be out of step with those of other ranks.
          return
        }
      }
    }
    thread.name = "sums"
    thread.start()
  }

  func stop() {
    condition.withLock {
      isStopped = true
      condition.signal()
    }
  }

  func add(_ chunk: SumChunk) {
    condition.withLock {
      waiting.append(chunk)
      condition.signal()
    }
  }

  func check() throws {
    guard hasFailed else { return }
    if let failure = condition.withLock({ failure }) { throw failure }
  }

  func carry(_ chunk: SumChunk) throws {
    Patience.wait { way.isPublished(chunk.number) }
    let start = ContinuousClock.now
    try way.sum(chunk)
    nanoseconds.add(Int(start.duration(to: .now) / .nanoseconds(1)), ordering: .relaxed)
  }

  private func next() -> SumChunk? {
    condition.withLock {
      while waiting.isEmpty && !isStopped { condition.wait() }
      return waiting.isEmpty ? nil : waiting.removeFirst()
    }
  }
}
