/// Pieces through memory that the ranks of a host share: each rank adds its slice of every piece, and hosts exchange slices by messages
/// among ranks of the same lane. Results are there once per host.
@safe final class HostWay: ChunkWay {
  let chunk: Int
  let slots: Int
  let blocks: Int
  private let memory: SharedMemory
  private let rank: Int
  private let layout: HostLayout
  private let lanes: Int
  private let lane: MessageSums?
  private let filled: Counters
  private let summed: Counters
  private let blocksPerSlot: Int
  private let size: Int
  private let capacity: Int
  private var scratch = Scratch()

  /// Bytes before the results.
  private static func stagingBytes(_ size: Int, slotFloats: Int, slots: Int) -> Int {
    counterBytes(size) + size * slots * slotFloats * 4
  }

  private static func counterBytes(_ size: Int) -> Int { (2 * size * Counters.stride + 4095) / 4096 * 4096 }

  /// Bytes of address space for `capacity` results.
  static func byteCount(_ layout: HostLayout, size: Int, chunk: Int, slots: Int, capacity: Int) -> Int {
    stagingBytes(size, slotFloats: layout.largestMember * chunk, slots: slots) + capacity * 4
  }

  /// - Parameters:
  ///   - memory: `byteCount` bytes, of which those before the results are reserved.
  ///   - rank: this rank among the `size` of its host.
  ///   - lanes: ranks of each host that own a slice.
  ///   - lane: the ranks of this lane, one of each host; nil on one host and on a rank without a slice.
  init(
    _ memory: SharedMemory, rank: Int, size: Int, layout: HostLayout, lanes: Int, lane: MessageSums?, chunk: Int, slots: Int,
    capacity: Int
  ) {
    self.memory = memory
    self.rank = rank
    self.size = size
    self.layout = layout
    self.lanes = lanes
    self.lane = lane
    self.chunk = chunk
    self.slots = slots
    self.capacity = capacity
    blocks = layout.local.nodes(ofMember: rank).count
    blocksPerSlot = layout.largestMember
    filled = unsafe Counters(at: memory.base, count: size)
    summed = unsafe Counters(at: memory.base + size * Counters.stride, count: size)
  }

  private func floats(_ byte: Int) -> UnsafeMutablePointer<Float> { unsafe (memory.base + byte).assumingMemoryBound(to: Float.self) }

  private func staging(_ slot: Int, of owner: Int) -> UnsafeMutablePointer<Float> {
    unsafe floats(Self.counterBytes(size)) + (owner * slots + slot) * blocksPerSlot * chunk
  }

  func staging(_ slot: Int) -> UnsafeMutablePointer<Float> { unsafe staging(slot, of: rank) }

  var results: UnsafeMutablePointer<Float> {
    unsafe floats(Self.stagingBytes(size, slotFloats: blocksPerSlot * chunk, slots: slots))
  }

  func reserve(results count: Int) throws {
    precondition(count <= capacity, "LongSums: \(count) results, there is room for \(capacity)")
    // In steps, since each one is a call of the system.
    let rounded = min((count + chunk - 1) / chunk * chunk, capacity)
    try memory.reserve(Self.stagingBytes(size, slotFloats: blocksPerSlot * chunk, slots: slots) + rounded * 4)
  }

  func publish(_ number: Int) { filled[rank] = UInt64(number) }

  func sum(_ piece: SumChunk) throws {
    if rank < lanes {
      let slice = slice(of: piece.count)
      let slot = (piece.number - 1) % slots
      let nodes = unsafe (0..<size).flatMap { owner in
        unsafe (0..<layout.local.nodes(ofMember: owner).count).map { block in
          unsafe UnsafePointer(staging(slot, of: owner) + block * chunk + slice.lowerBound)
        }
      }
      let sums = unsafe results + piece.position + slice.lowerBound
      if let lane {
        let own = layout.local.sumCount
        let first = unsafe own == 1 ? sums : scratch.floats(own * slice.count)
        let blocks = unsafe (0..<own).map { unsafe first + $0 * slice.count }
        unsafe layout.local.add(nodes, count: slice.count, into: blocks)
        try unsafe lane.sum(blocks.map { unsafe UnsafePointer($0) }, count: slice.count, layout: layout.global, into: sums)
      } else {
        unsafe layout.local.add(nodes, count: slice.count, into: [sums])
      }
    }
    summed[rank] = UInt64(piece.number)
  }

  func isPublished(_ number: Int) -> Bool { number <= 0 || filled.allReached(UInt64(number)) }

  func isSummed(_ number: Int) -> Bool { number <= 0 || summed.allReached(UInt64(number)) }

  /// Elements of a piece that this rank adds; whole cache lines.
  private func slice(of count: Int) -> Range<Int> {
    func bound(_ lane: Int) -> Int { lane == lanes ? count : count * lane / lanes / 16 * 16 }
    return bound(rank)..<bound(rank + 1)
  }
}
