import Synchronization
import Testing

@testable import Communication

/// The stream of pieces, on a way of one rank whose sums are the numbers sent.
@Suite struct LongSumsTests {
  /// What a way of eight floats a piece and three slots was asked for.
  @safe final class LocalWay: ChunkWay {
    let (chunk, slots, blocks) = (8, 3, 1)
    let results = UnsafeMutablePointer<Float>.allocate(capacity: 256)
    private let floats = UnsafeMutablePointer<Float>.allocate(capacity: 24)
    private let summed = Atomic<Int>(0)
    /// Number of the piece that fails.
    let broken: Int?
    private(set) var published: [Int] = []

    init(broken: Int? = nil) { self.broken = broken }

    deinit {
      unsafe results.deallocate()
      unsafe floats.deallocate()
    }

    func staging(_ slot: Int) -> UnsafeMutablePointer<Float> { unsafe floats + slot * chunk }
    func reserve(results count: Int) { precondition(count <= 256) }
    func publish(_ number: Int) { published.append(number) }
    func isPublished(_ number: Int) -> Bool { true }
    func isSummed(_ number: Int) -> Bool { summed.load(ordering: .acquiring) >= number }

    func sum(_ piece: SumChunk) throws {
      if piece.number == broken { throw CommunicationError(attempted: "adding a piece", found: "a torn cable", remedy: "mend it") }
      unsafe (results + piece.position).update(from: staging((piece.number - 1) % slots), count: piece.count)
      summed.store(piece.number, ordering: .releasing)
    }
  }

  private func send(_ sums: LongSums, _ values: [Float]) throws -> Range<Int> {
    try unsafe values.withUnsafeBufferPointer { try unsafe sums.send($0.baseAddress!, count: $0.count) }
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

  @Test func `a piece that is not full leaves when it is sent off`() throws {
    let way = LocalWay()
    let sums = LongSums(way, isThreaded: true)
    _ = try send(sums, [Float](repeating: 1, count: 11))
    #expect(way.published == [1])
    try sums.flush()
    #expect(way.published == [1, 2])
    try sums.flush()
    #expect(way.published == [1, 2])
  }

  @Test(arguments: [false, true]) func `a piece that cannot be added is an error for whoever wants its sums`(isThreaded: Bool) {
    let sums = LongSums(LocalWay(broken: 2), isThreaded: isThreaded)
    #expect(throws: CommunicationError.self) {
      _ = try send(sums, [Float](repeating: 1, count: 80))
      _ = try unsafe sums.results()
    }
  }
}
