import Glibc
import Synchronization
import Testing

@testable import Communication

/// The stream of pieces, on a way of one rank whose sums are the numbers sent.
@Suite struct LongSumsTests {
  /// What a way of sixteen floats a piece and three slots was asked for; sums of eight floats or more are not copied together.
  @safe final class LocalWay: ChunkWay {
    let (chunk, slots, places, longestShared, blocks) = (16, 3, 8, 8, 1)
    /// Pieces that may be under way.
    let depth: Int
    var greatestDepth: Int { depth }
    let pause = 0.0
    let results = UnsafeMutablePointer<Float>.allocate(capacity: 512)
    private let floats = UnsafeMutablePointer<Float>.allocate(capacity: 48)
    let lentMemory: UnsafeMutableBufferPointer<Float>? = .allocate(capacity: 128)
    private let firsts: UnsafeMutablePointer<UnsafePointer<Float>> = .allocate(capacity: 64)
    private let summed = Atomic<Int>(0)
    /// The pieces before this one may be added.
    let held = Atomic<Int>(.max)
    /// Number of the piece that fails.
    let broken: Int?
    private(set) var published: [Int] = []
    /// Whether each piece was read in lent memory, by number from 1.
    private(set) var isLent: [Bool] = []

    /// Numbers of the pieces that were begun and are not summed, and the most there were at once.
    private var moving: [SumChunk] = []
    let mostMoving = Atomic<Int>(0)

    init(broken: Int? = nil, depth: Int = 1) { (self.broken, self.depth) = (broken, depth) }

    deinit {
      unsafe results.deallocate()
      unsafe floats.deallocate()
      unsafe lentMemory?.deallocate()
      unsafe firsts.deallocate()
    }

    func staging(_ slot: Int) -> UnsafeMutablePointer<Float> { unsafe floats + slot * chunk }
    func reserve(results count: Int) { precondition(count <= 512) }
    func reserve(lent count: Int) { precondition(count <= 128) }
    func publish(_ number: Int, at partials: UnsafePointer<Float>, stride: Int) {
      published.append(number)
      isLent.append(unsafe partials < UnsafePointer(floats) || partials >= UnsafePointer(floats + 48))
      unsafe (firsts + number).initialize(to: partials)
    }
    func isPublished(_ number: Int) -> Bool { true }
    func isSummed(_ number: Int) -> Bool { summed.load(ordering: .acquiring) >= number }

    func begin(_ piece: SumChunk) throws {
      if piece.number == broken { throw CommunicationError(attempted: "adding a piece", found: "a torn cable", remedy: "mend it") }
      moving.append(piece)
      mostMoving.store(max(moving.count, mostMoving.load(ordering: .relaxed)), ordering: .releasing)
    }

    func advance() -> Int {
      while let piece = moving.first, piece.number < held.load(ordering: .acquiring) {
        unsafe (results + piece.position).update(from: firsts[piece.number], count: piece.count)
        summed.store(piece.number, ordering: .releasing)
        moving.removeFirst()
      }
      return moving.count
    }
  }

  private final class Owner {}

  private func send(_ sums: LongSums, _ values: [Float], keeping owner: AnyObject? = nil) throws -> Range<Int> {
    try unsafe values.withUnsafeBufferPointer { try unsafe sums.send($0.baseAddress!, count: $0.count, keeping: owner) }
  }

  private func numbers(_ sums: LongSums, _ range: Range<Int>) throws -> [Float] {
    let results = try unsafe sums.results()
    return range.map { unsafe results[$0] }
  }

  @Test(arguments: [false, true])
  func `a gradient stays readable while another network's is sent, read and sent again`(isThreaded: Bool) throws {
    let sums = LongSums(LocalWay(), isThreaded: isThreaded)
    let (one, two, three) = ((0..<21).map(Float.init), (100..<130).map(Float.init), (200..<230).map(Float.init))
    let first = try send(sums, one)
    let second = try send(sums, two)
    #expect(try numbers(sums, second) == two)
    sums.forget(second.count)
    let third = try send(sums, three)
    #expect(try numbers(sums, first) == one)
    sums.forget(first.count)
    #expect(try numbers(sums, third) == three)
    sums.forget(third.count)
    #expect(try send(sums, one) == 0..<21)
  }

  @Test func `short sums share a piece, which leaves when it is full or sent off, and long ones do not wait for it`() throws {
    let way = LocalWay()
    let sums = LongSums(way, isThreaded: true)
    let short = (0..<5).map { index in (0..<5).map { Float(10 * index + $0) } }
    let long = (0..<20).map { Float(1000 + $0) }
    var places = [try send(sums, short[0])]
    #expect(way.published == [])
    let longPlace = try send(sums, long)
    #expect(way.published == [1, 2])
    for values in short[1...] { places.append(try send(sums, values)) }
    // Three fit, the fourth began the next piece.
    #expect(way.published == [1, 2, 3])
    try sums.flush()
    #expect(way.published == [1, 2, 3, 4])
    try sums.flush()
    #expect(way.published == [1, 2, 3, 4])
    for (place, values) in zip(places, short) { #expect(try numbers(sums, place) == values) }
    #expect(try numbers(sums, longPlace) == long)
  }

  @Test func `lent memory is read where it is, and its owner kept until then`() throws {
    let way = LocalWay()
    let sums = LongSums(way, isThreaded: true)
    guard let lent = unsafe sums.lentMemory?.baseAddress else { return #expect(Bool(false), "no memory is lent") }
    for index in 0..<40 { unsafe lent[index] = Float(index) }
    way.held.store(1, ordering: .releasing)
    weak var kept: Owner?
    func sendLent() throws -> Range<Int> {
      let owner = Owner()
      kept = owner
      return try unsafe sums.send(lent, count: 40, keeping: owner)
    }
    let place = try sendLent()
    #expect(way.isLent == [true, true, true])
    sums.release()
    #expect(kept != nil)
    way.held.store(.max, ordering: .releasing)
    #expect(try numbers(sums, place) == (0..<40).map(Float.init))
    #expect(kept == nil)
    // Without an owner, or outside, it is copied.
    _ = try unsafe sums.send(lent, count: 10)
    _ = try send(sums, [Float](repeating: 1, count: 10), keeping: Owner())
    #expect(way.isLent == [true, true, true, false, false])
    sums.forget(60)
  }

  @Test(arguments: [1, 2, 3]) func `as many pieces as may are under way at once, and no more`(depth: Int) throws {
    let way = LocalWay(depth: depth)
    let sums = LongSums(way, isThreaded: true)
    way.held.store(1, ordering: .releasing)
    let values = (0..<48).map(Float.init)
    let place = try send(sums, values)
    Patience.wait { way.mostMoving.load(ordering: .acquiring) == depth }
    // Time for one too many.
    usleep(20_000)
    #expect(way.mostMoving.load(ordering: .acquiring) == depth && !way.isSummed(1))
    way.held.store(.max, ordering: .releasing)
    #expect(try numbers(sums, place) == values)
    #expect(way.mostMoving.load(ordering: .acquiring) == depth)
    sums.forget(48)
  }

  @Test func `sums that are asked for by place wait for none that were sent later`() throws {
    let way = LocalWay()
    let sums = LongSums(way, isThreaded: true)
    way.held.store(3, ordering: .releasing)
    let (first, short, last) = ((0..<20).map(Float.init), [Float(7), 8], (100..<120).map(Float.init))
    let places = [try send(sums, first), try send(sums, short), try send(sums, last)]
    // Two pieces of the first, two of the last behind them; the short one is held back until somebody asks.
    #expect(way.published == [1, 2, 3, 4])
    let early = try unsafe sums.results(at: places[0])
    #expect(places[0].map { unsafe early[$0] } == first && !way.isSummed(3))
    way.held.store(.max, ordering: .releasing)
    let late = try unsafe sums.results(at: places[1])
    #expect(way.published == [1, 2, 3, 4, 5] && places[1].map { unsafe late[$0] } == short)
    #expect(try numbers(sums, places[2]) == last)
    sums.forget(42)
  }

  @Test(arguments: [false, true]) func `a piece that cannot be added is an error for whoever wants its sums`(isThreaded: Bool) {
    let sums = LongSums(LocalWay(broken: 2), isThreaded: isThreaded)
    #expect(throws: CommunicationError.self) {
      _ = try send(sums, [Float](repeating: 1, count: 160))
      _ = try unsafe sums.results()
    }
  }
}
