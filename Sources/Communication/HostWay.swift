/// Pieces through memory that the ranks of a host share: each rank adds its slice of every piece, and hosts exchange slices by messages
/// among ranks of the same lane. Results are there once per host.
///
/// The memory holds, in this order: counters, the places of the ranks' pieces, slots for partial sums that are copied, the results, and for
/// each rank memory that it lends to partial sums, so that they are made where all ranks can read them.
@safe final class HostWay: ChunkWay {
  /// How the memory is cut. Every part begins on a page.
  struct Parts {
    let layout: HostLayout
    /// Ranks of the host.
    let size: Int
    let pieces: Pieces
    /// Results there is room for.
    let capacity: Int
    /// Floats that each rank can lend.
    let lent: Int
    /// Bytes that tell where a piece is.
    fileprivate static let placeBytes = MemoryLayout<Place>.stride

    private func pages(_ bytes: Int) -> Int { (bytes + 4095) / 4096 * 4096 }

    /// Slots of each rank.
    var slots: Int { pieces.slotCount(nodes: layout.largestMember) }
    /// First byte of the places.
    var places: Int { pages(2 * Counters.byteCount(size)) }
    /// First byte of the slots.
    var staging: Int { places + pages(size * pieces.places * Self.placeBytes) }
    /// First byte of the results.
    var results: Int { staging + pages(size * slots * layout.largestMember * pieces.length * 4) }
    /// First byte of the memory that a rank lends; for `size` the end.
    func lent(of rank: Int) -> Int { results + pages(capacity * 4) + rank * pages(lent * 4) }
    /// Bytes of address space.
    var byteCount: Int { lent(of: size) }
  }

  /// Where a rank's blocks of a piece are.
  fileprivate struct Place {
    /// Byte of the first float of the first block.
    let byte: Int
    /// Floats from one block to the next.
    let stride: Int
  }

  let chunk: Int
  let slots: Int
  let places: Int
  let depth: Int
  let greatestDepth: Int
  let pause: Double
  let longestShared: Int
  let blocks: Int
  let lentMemory: UnsafeMutableBufferPointer<Float>?
  private let memory: SharedMemory
  private let rank: Int
  private let parts: Parts
  private let layout: HostLayout
  private let lanes: Int
  private let lane: MessageSums?
  private let streams: Bool
  let patience: Patience
  private let filled: Counters
  private let summed: Counters
  /// For each piece that may be under way, this host's sums of several nodes.
  private var scratch: [MessageBuffers]
  private var lentBytes = 0
  private var moving = MovingChunks()

  /// - Parameters:
  ///   - memory: of `parts.byteCount` bytes, of which those before the results are reserved.
  ///   - rank: this rank among those of its host.
  ///   - lanes: ranks of each host that own a slice.
  ///   - lane: the ranks of this lane, one of each host; nil on one host and on a rank without a slice.
  ///   - streams: whether sums on one host are written past the caches, since a gradient does not fit in them.
  ///   - patience: how the ranks of the host wait for each other.
  init(
    _ memory: SharedMemory, _ parts: Parts, rank: Int, lanes: Int, lane: MessageSums?, streams: Bool = false,
    patience: Patience
  ) {
    self.memory = memory
    self.rank = rank
    self.parts = parts
    self.lanes = lanes
    self.lane = lane
    self.streams = streams
    self.patience = patience
    (chunk, depth, places) = (parts.pieces.length, parts.pieces.depth, parts.pieces.places)
    (greatestDepth, pause) = (parts.pieces.greatestDepth, parts.pieces.pause)
    (longestShared, slots) = (parts.pieces.longestShared, parts.slots)
    scratch = (0..<greatestDepth).map { _ in MessageBuffers() }
    layout = parts.layout
    blocks = layout.local.nodes(ofMember: rank).count
    filled = unsafe Counters(at: memory.base, count: parts.size)
    summed = unsafe Counters(at: memory.base + Counters.byteCount(parts.size), count: parts.size)
    let lent = unsafe (memory.base + parts.lent(of: rank)).assumingMemoryBound(to: Float.self)
    unsafe lentMemory = unsafe parts.lent > 0 ? UnsafeMutableBufferPointer(start: lent, count: parts.lent) : nil
  }

  private func floats(_ byte: Int) -> UnsafeMutablePointer<Float> { unsafe (memory.base + byte).assumingMemoryBound(to: Float.self) }

  func staging(_ slot: Int) -> UnsafeMutablePointer<Float> {
    unsafe floats(parts.staging) + (rank * slots + slot) * layout.largestMember * chunk
  }

  var waitsForMessages: Bool { lane != nil }

  var results: UnsafeMutablePointer<Float> { unsafe floats(parts.results) }

  func reserve(results count: Int) throws {
    precondition(count <= parts.capacity, "LongSums: \(count) results, there is room for \(parts.capacity)")
    // In steps, since each one is a call of the system.
    let rounded = min((count + chunk - 1) / chunk * chunk, parts.capacity)
    try memory.reserve(parts.results + rounded * 4)
  }

  func reserve(lent count: Int) throws {
    precondition(count <= parts.lent, "LongSums: \(count) floats are to be lent, there are \(parts.lent)")
    guard count * 4 > lentBytes else { return }
    let first = parts.lent(of: rank)
    try memory.reserve((first + lentBytes)..<(first + count * 4))
    lentBytes = count * 4
  }

  private func place(_ number: Int, of owner: Int) -> UnsafeMutablePointer<Place> {
    let index = owner * places + number % places
    // Sound: two words of their own, written before the counter says that they are there, and again only after all have read them.
    return unsafe (memory.base + parts.places + index * Parts.placeBytes).assumingMemoryBound(to: Place.self)
  }

  func publish(_ number: Int, at partials: UnsafePointer<Float>, stride: Int) {
    let byte = unsafe UnsafeRawPointer(partials) - UnsafeRawPointer(memory.base)
    unsafe place(number, of: rank).pointee = Place(byte: byte, stride: stride)
    filled.raise(rank, to: UInt64(number))
  }

  func begin(_ piece: SumChunk) throws {
    if rank < lanes {
      let slice = slice(of: piece.count)
      let nodes = unsafe (0..<parts.size).flatMap { owner in
        let place = unsafe place(piece.number, of: owner).pointee
        return unsafe (0..<layout.local.nodes(ofMember: owner).count).map { block in
          unsafe UnsafePointer(floats(place.byte) + block * place.stride + slice.lowerBound)
        }
      }
      let sums = unsafe results + piece.position + slice.lowerBound
      if let lane {
        let own = layout.local.sumCount
        let first = unsafe own == 1 ? sums : scratch[piece.number % greatestDepth].received.floats(own * slice.count)
        let blocks = unsafe (0..<own).map { unsafe first + $0 * slice.count }
        unsafe layout.local.add(nodes, count: slice.count, into: blocks)
        let sum = try unsafe lane.begin(
          blocks.map { unsafe UnsafePointer($0) }, count: slice.count, layout: layout.global, into: sums)
        return moving.append(piece.number, sum)
      } else {
        unsafe layout.local.add(nodes, count: slice.count, into: [sums], streams: streams)
      }
    }
    summed.raise(rank, to: UInt64(piece.number))
  }

  func advance() throws -> Int {
    let (last, left) = try moving.advance()
    if let last { summed.raise(rank, to: UInt64(last)) }
    return left
  }

  func isPublished(_ number: Int) -> Bool { number <= 0 || filled.allReached(UInt64(number)) }

  func isSummed(_ number: Int) -> Bool { number <= 0 || summed.allReached(UInt64(number)) }

  func waitUntilPublished(_ number: Int, _ patience: Patience, unless isHopeless: () -> Bool) {
    if number > 0 { filled.wait(for: UInt64(number), patience, unless: isHopeless) }
  }

  func waitUntilSummed(_ number: Int, _ patience: Patience, unless isHopeless: () -> Bool) {
    if number > 0 { summed.wait(for: UInt64(number), patience, unless: isHopeless) }
  }

  /// Elements of a piece that this rank adds; whole cache lines.
  private func slice(of count: Int) -> Range<Int> {
    func bound(_ lane: Int) -> Int { lane == lanes ? count : count * lane / lanes / 16 * 16 }
    return bound(rank)..<bound(rank + 1)
  }
}
