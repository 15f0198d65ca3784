internal import Synchronization

/// Pieces through memory of this rank alone, added over all ranks by messages: where hosts have no shared memory, and for comparison.
@safe final class MessageWay: ChunkWay {
  let chunk: Int
  let slots: Int
  let blocks: Int
  let results: UnsafeMutablePointer<Float>
  private let capacity: Int
  private let ranks: MessageSums
  private let layout: TreeLayout
  private let reducesByLibrary: Bool
  private let stagingFloats: UnsafeMutablePointer<Float>
  private let summed = Atomic<Int>(0)

  /// - Parameter reducesByLibrary: whether `MPI_Allreduce` adds, instead of the tree.
  init(_ ranks: MessageSums, layout: TreeLayout, reducesByLibrary: Bool, chunk: Int, slots: Int, capacity: Int) {
    self.ranks = ranks
    self.layout = layout
    self.reducesByLibrary = reducesByLibrary
    self.chunk = chunk
    self.slots = slots
    self.capacity = capacity
    blocks = layout.nodes(ofMember: ranks.rank).count
    unsafe stagingFloats = .allocate(capacity: slots * blocks * chunk)
    unsafe results = .allocate(capacity: capacity)
  }

  deinit {
    unsafe stagingFloats.deallocate()
    unsafe results.deallocate()
  }

  func staging(_ slot: Int) -> UnsafeMutablePointer<Float> { unsafe stagingFloats + slot * blocks * chunk }

  func reserve(results count: Int) {
    precondition(count <= capacity, "LongSums: \(count) results, there is room for \(capacity)")
  }

  func publish(_ number: Int) {}

  func sum(_ piece: SumChunk) throws {
    let first = unsafe staging((piece.number - 1) % slots)
    let sums = unsafe results + piece.position
    if reducesByLibrary {
      unsafe sums.update(from: first, count: piece.count)
      for block in 1..<max(blocks, 1) {
        let added = unsafe first + block * chunk
        for element in 0..<piece.count { unsafe sums[element] += added[element] }
      }
      try unsafe ranks.allReduce(sums, count: piece.count)
    } else {
      let nodes = unsafe (0..<blocks).map { unsafe UnsafePointer(first + $0 * chunk) }
      try unsafe ranks.sum(nodes, count: piece.count, layout: layout, into: sums)
    }
    summed.store(piece.number, ordering: .releasing)
  }

  func isPublished(_ number: Int) -> Bool { true }

  func isSummed(_ number: Int) -> Bool { summed.load(ordering: .acquiring) >= number }
}
