internal import Synchronization

/// Pieces through memory of this rank alone, added over all ranks by messages: where hosts have no shared memory, and for comparison.
@safe final class MessageWay: ChunkWay {
  let chunk: Int
  let slots: Int
  let depth: Int
  let greatestDepth: Int
  let pause: Double
  let places: Int
  let blocks: Int
  let lentMemory: UnsafeMutableBufferPointer<Float>? = nil
  let results: UnsafeMutablePointer<Float>
  private let capacity: Int
  private let ranks: MessageSums
  private let layout: TreeLayout
  private let reducesByLibrary: Bool
  private let stagingFloats: UnsafeMutablePointer<Float>
  private let summed = Atomic<Int>(0)
  private var moving = MovingChunks()
  /// Where this rank's blocks of the pieces under way are, and how far apart.
  private let partials: UnsafeMutablePointer<(first: UnsafePointer<Float>, stride: Int)>

  /// - Parameter reducesByLibrary: whether `MPI_Allreduce` adds, instead of the tree.
  init(_ ranks: MessageSums, layout: TreeLayout, reducesByLibrary: Bool, _ pieces: Pieces, capacity: Int) {
    self.ranks = ranks
    self.layout = layout
    self.reducesByLibrary = reducesByLibrary
    self.capacity = capacity
    blocks = layout.nodes(ofMember: ranks.rank).count
    pause = pieces.pause
    (chunk, slots, places) = (pieces.length, pieces.slotCount(nodes: max(1, blocks)), pieces.places)
    (depth, greatestDepth) = (pieces.depth, pieces.greatestDepth)
    unsafe stagingFloats = .allocate(capacity: slots * blocks * chunk)
    unsafe results = .allocate(capacity: capacity)
    unsafe partials = .allocate(capacity: places)
  }

  /// Each piece costs several messages: short sums share them.
  var longestShared: Int { chunk / 4 }

  deinit {
    unsafe stagingFloats.deallocate()
    unsafe results.deallocate()
    unsafe partials.deallocate()
  }

  func staging(_ slot: Int) -> UnsafeMutablePointer<Float> { unsafe stagingFloats + slot * blocks * chunk }

  func reserve(results count: Int) {
    precondition(count <= capacity, "LongSums: \(count) results, there is room for \(capacity)")
  }

  func reserve(lent count: Int) { precondition(count == 0, "LongSums: no memory is lent where sums go by messages") }

  func publish(_ number: Int, at partials: UnsafePointer<Float>, stride: Int) {
    unsafe (self.partials + number % places).initialize(to: (partials, stride))
  }

  func begin(_ piece: SumChunk) throws {
    let (first, stride) = unsafe partials[piece.number % places]
    let sums = unsafe results + piece.position
    if reducesByLibrary {
      unsafe sums.update(from: first, count: piece.count)
      for block in 1..<max(blocks, 1) {
        let added = unsafe first + block * stride
        for element in 0..<piece.count { unsafe sums[element] += added[element] }
      }
      try unsafe ranks.allReduce(sums, count: piece.count)
      summed.store(piece.number, ordering: .releasing)
    } else {
      let nodes = unsafe (0..<blocks).map { unsafe UnsafePointer(first + $0 * stride) }
      moving.append(piece.number, try unsafe ranks.begin(nodes, count: piece.count, layout: layout, into: sums))
    }
  }

  func advance() throws -> Int {
    let (last, left) = try moving.advance()
    if let last { summed.store(last, ordering: .releasing) }
    return left
  }

  func isPublished(_ number: Int) -> Bool { true }

  func isSummed(_ number: Int) -> Bool { summed.load(ordering: .acquiring) >= number }
}
