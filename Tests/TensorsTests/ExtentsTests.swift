import Testing

@testable import Tensors

@Suite struct ExtentsTests {
  @Test func `freed neighbours become one part`() {
    var extents = Extents()
    let starts = (0..<4).map { _ in extents.take(10) }
    #expect(starts == [0, 10, 20, 30] && extents.end == 40)
    for start in [0, 20, 10] { extents.give(start..<start + 10) }
    #expect(extents.free == [0..<30])
    extents.give(30..<40)
    #expect(extents.free == [0..<40])
    #expect(extents.take(40) == 0 && extents.free.isEmpty && extents.end == 40)
  }

  @Test func `the smallest part that fits is lent, and what is left of it stays free`() {
    var extents = Extents()
    let starts = [30, 1, 20, 1].map { extents.take($0) }
    extents.give(starts[0]..<30)
    extents.give(starts[2]..<51)
    #expect(extents.take(15) == 31 && extents.free == [0..<30, 46..<51])
  }

  @Test func `a free part at the end grows`() {
    var extents = Extents()
    extents.give(extents.take(10)..<10)
    #expect(extents.take(25) == 0 && extents.end == 25)
  }

  @Test func `lent parts never overlap, and the same requests find the same places`() {
    var extents = Extents()
    var lent: [Range<Int>] = []
    var state: UInt64 = 7
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<2000 {
      if lent.count > 40 || !lent.isEmpty && random(2) == 0 {
        extents.give(lent.remove(at: random(lent.count)))
      } else {
        let size = 1 + random(100)
        let start = extents.take(size)
        #expect(!lent.contains { $0.overlaps(start..<start + size) })
        lent.append(start..<start + size)
      }
      #expect(extents.free.reduce(0) { $0 + $1.count } + lent.reduce(0) { $0 + $1.count } == extents.end)
      #expect(zip(extents.free, extents.free.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
    }
    for part in lent { extents.give(part) }
    #expect(extents.free == [0..<extents.end])
    func step() -> Int {
      var held = [50, 70, 20].map { size in (extents.take(size), size) }
      held.append((extents.take(90), 90))
      for (start, size) in held { extents.give(start..<start + size) }
      return extents.end
    }
    let first = step()
    #expect(step() == first)
  }
}
