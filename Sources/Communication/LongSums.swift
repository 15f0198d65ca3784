/// Long sums over the batch, cut into pieces that cross the ranks in the order they were sent, while the sender computes.
///
/// Every rank sends the same counts in the same order. How they are cut follows from the counts alone; whether partial sums are copied
/// each rank decides for itself. Not for several senders.
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

  /// Bytes that the ranks of a host share, at the most, for partial sums that are made where others read them: a whole gradient.
  /// - Parameters:
  ///   - capacity: floats of the longest gradient.
  ///   - nodes: nodes of the shard tree that the rank with most of them brings.
  ///   - ranks: ranks of the host.
  public static func lentBytes(capacity: Int, nodes: Int, ranks: Int) -> Int { ranks * nodes * capacity * 4 }

  private let way: any ChunkWay
  private let carrier: ChunkCarrier
  private let isThreaded: Bool
  private var exposed = 0.0
  private var idle = 0.0
  /// Seconds that each piece was waited for, from number `firstWait` on, while `recordsWaits`.
  private var waits: [Double] = []
  private var firstWait = 1
  /// Results sent and not forgotten.
  private var unread = 0
  /// Number of the next piece, and where its results go.
  private var next = (number: 1, position: 0)
  /// The piece that short sums are copied into: its slot, first position and floats so far.
  private var open: (slot: Int, position: Int, count: Int)?
  /// Number of the last piece that went through each slot.
  private var slotUses: [Int]
  private var lastSlot = 0
  /// Pieces that are published and that the carrier does not know of yet.
  private var together: [SumChunk] = []
  /// The pieces whose results are not forgotten, in order.
  private var published: [(places: Range<Int>, number: Int)] = []
  /// Owners of memory that other ranks read, each with the last piece that lies in it.
  private var read: [(owner: AnyObject, until: Int)] = []

  /// - Parameter isThreaded: whether a thread adds; if not, `send` does.
  init(_ way: any ChunkWay, isThreaded: Bool) {
    self.way = way
    self.isThreaded = isThreaded
    slotUses = Array(repeating: 0, count: way.slots)
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

  /// Whether each wait is kept; once it is set again all before are forgotten.
  public var recordsWaits = false {
    didSet { (waits, firstWait) = ([], next.number) }
  }

  /// Seconds that each piece was waited for, by number, of those sent since `recordsWaits` was set: for its messages and for others who
  /// had not sent it yet.
  public var recordedWaits: [Double] { waits + Array(repeating: 0, count: max(0, next.number - firstWait - waits.count)) }

  // MARK: Memory that is lent

  /// Memory of this rank in which partial sums are not copied when they are sent; nil where all are. What is used of it must be reserved.
  public var lentMemory: UnsafeMutableBufferPointer<Float>? { unsafe way.lentMemory }

  /// Sums shorter than this are copied from lent memory, too.
  public var longestCopied: Int { way.longestShared }

  /// Makes sure that the first `count` floats of `lentMemory` may be touched.
  /// - Throws: `CommunicationError` when the host has no memory for them.
  public func reserve(lent count: Int) throws { try way.reserve(lent: count) }

  /// Gives up the owners of memory that has been read.
  public func release() { read.removeAll { way.isSummed($0.until) } }

  // MARK: Sums

  /// Takes partial sums.
  /// - Parameters:
  ///   - partials: one block of `count` floats for each node of this rank, in order; may be overwritten afterwards when they are outside
  ///     `lentMemory` or have no owner.
  ///   - count: floats of one block.
  ///   - owner: kept as long as others may read them; nil for partial sums that are to be copied.
  /// - Returns: where their sum will be among the results.
  public func send(_ partials: UnsafePointer<Float>, count: Int, keeping owner: AnyObject? = nil) throws -> Range<Int> {
    release()
    unread += count
    if count < way.longestShared { return try unsafe copyTogether(partials, count: count) }
    let start = next.position
    try advance(by: count)
    let lent = unsafe owner != nil && way.lentMemory.map { unsafe $0.contains(partials) } ?? false
    // Equal pieces of whole cache lines.
    let pieces = (count + way.chunk - 1) / way.chunk
    let longest = ((count + pieces - 1) / pieces + 15) / 16 * 16
    for first in stride(from: 0, to: count, by: longest) {
      let length = min(longest, count - first)
      if lent {
        try unsafe publish(partials + first, stride: count, position: start + first, count: length)
        continue
      }
      let slot = try freeSlot()
      let blocks = unsafe way.staging(slot)
      for block in 0..<way.blocks {
        unsafe (blocks + block * way.chunk).update(from: partials + block * count + first, count: length)
      }
      slotUses[slot] = next.number
      try unsafe publish(blocks, stride: way.chunk, position: start + first, count: length)
    }
    if let owner, lent { read.append((owner, next.number - 1)) }
    try carry()
    return start..<(start + count)
  }

  /// Copies a short sum behind others.
  private func copyTogether(_ partials: UnsafePointer<Float>, count: Int) throws -> Range<Int> {
    if let open, open.count + count > way.chunk { try flush() }
    if open == nil {
      open = (try freeSlot(), next.position, 0)
      // Longer sums that come before the piece is full go behind it.
      try advance(by: way.chunk)
    }
    guard let piece = open else { preconditionFailure("LongSums: no piece is open") }
    let blocks = unsafe way.staging(piece.slot) + piece.count
    for block in 0..<way.blocks { unsafe (blocks + block * way.chunk).update(from: partials + block * count, count: count) }
    open?.count += count
    if piece.count + count == way.chunk { try flush() }
    return (piece.position + piece.count)..<(piece.position + piece.count + count)
  }

  /// Sends off what does not fill a piece.
  public func flush() throws {
    guard let piece = open else { return }
    open = nil
    slotUses[piece.slot] = next.number
    try unsafe publish(way.staging(piece.slot), stride: way.chunk, position: piece.position, count: piece.count)
    try carry()
  }

  private func publish(_ partials: UnsafePointer<Float>, stride: Int, position: Int, count: Int) throws {
    try wait(for: next.number - way.places)
    let chunk = SumChunk(number: next.number, position: position, count: count)
    next.number += 1
    published.append((position..<(position + count), chunk.number))
    unsafe way.publish(chunk.number, at: partials, stride: stride)
    together.append(chunk)
  }

  /// Has the pieces added that were sent together: by the thread, or where there is none at once.
  private func carry() throws {
    if together.isEmpty { return }
    carrier.add(together)
    together.removeAll(keepingCapacity: true)
    if isThreaded { return }
    let last = next.number - 1
    spend(&idle, on: last) { way.waitUntilPublished(last, way.patience) { false } }
    try spend(&exposed, on: last) { try carrier.carry(upTo: last) }
  }

  /// A slot whose last piece is read, in turn.
  private func freeSlot() throws -> Int {
    repeat { lastSlot = (lastSlot + 1) % way.slots } while lastSlot == open?.slot
    try wait(for: slotUses[lastSlot])
    return lastSlot
  }

  /// Makes room for results; the next ones begin on a cache line.
  private func advance(by count: Int) throws {
    next.position += (count + 15) / 16 * 16
    try way.reserve(results: next.position)
  }

  /// Everything sent so far, summed; waits for it. Valid until all of it is forgotten.
  public func results() throws -> UnsafePointer<Float> {
    try flush()
    try wait(for: next.number - 1)
    release()
    return unsafe UnsafePointer(way.results)
  }

  /// The results of which those at `places` are summed; waits for these alone.
  public func results(at places: Range<Int>) throws -> UnsafePointer<Float> {
    if let open, places.overlaps(open.position..<(open.position + way.chunk)) { try flush() }
    if let last = published.last(where: { $0.places.overlaps(places) }) { try wait(for: last.number) }
    return unsafe UnsafePointer(way.results)
  }

  /// Says that `count` of the results have been read; when all have, they may be overwritten.
  ///
  /// Other ranks overwrite them no sooner, since a piece is added only when every rank has published it.
  public func forget(_ count: Int) {
    precondition(open == nil && count <= unread, "LongSums: \(count) results were forgotten, \(unread) are unread")
    unread -= count
    if unread > 0 { return }
    next.position = 0
    published = []
  }

  /// Waits until a piece is summed.
  private func wait(for number: Int) throws {
    if !way.isSummed(number) {
      try carry()
      carrier.setAwaited(true)
      defer { carrier.setAwaited(false) }
      spend(&idle, on: number) { way.waitUntilPublished(number, way.patience) { carrier.hasFailed } }
      try spend(&exposed, on: number) {
        // Sooner than the thread would wake.
        if !way.waitsForMessages { try carrier.carry(upTo: number) }
        way.waitUntilSummed(number, way.patience) { carrier.hasFailed }
      }
    }
    try carrier.check()
  }

  private func spend(_ seconds: inout Double, on number: Int, _ body: () throws -> Void) rethrows {
    let start = ContinuousClock.now
    try body()
    let spent = start.duration(to: .now) / .seconds(1)
    seconds += spent
    guard recordsWaits, number >= firstWait else { return }
    waits += Array(repeating: 0, count: max(0, number - firstWait + 1 - waits.count))
    waits[number - firstWait] += spent
  }
}

extension UnsafeMutableBufferPointer {
  /// Whether `pointer` lies in this memory.
  fileprivate func contains(_ pointer: UnsafePointer<Element>) -> Bool {
    guard let baseAddress else { return false }
    return unsafe pointer >= UnsafePointer(baseAddress) && pointer < UnsafePointer(baseAddress + count)
  }
}
