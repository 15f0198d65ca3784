import Testing

@testable import Communication

@Suite struct SliceRoundsTests {
  /// The ranges of all owners, one after the other.
  func slices(_ rounds: SliceRounds) -> [Range<Int>] {
    (0..<rounds.roundCount).flatMap { round in (0..<rounds.ranks).map { rounds.elements(ofRank: $0, inRound: round) } }
  }

  @Test(arguments: 1...9, [0, 1, 2, 7, 8, 9, 63, 64, 65, 1000]) func `slices cover every element once`(ranks: Int, count: Int) {
    let rounds = SliceRounds(count: count, ranks: ranks, slice: 8)
    var owners = [Int](repeating: 0, count: count)
    for slice in slices(rounds) {
      #expect(slice.count <= 8)
      for element in slice { owners[element] += 1 }
    }
    #expect(owners == [Int](repeating: 1, count: count))
    // Adjacent, as gathering them into one vector wants.
    for round in 0..<rounds.roundCount {
      let all = rounds.elements(ofRound: round)
      #expect(!all.isEmpty, "round \(round) of \(rounds.roundCount)")
      let ends = (0..<ranks).map { rounds.elements(ofRank: $0, inRound: round) }
      #expect(ends.first?.lowerBound == all.lowerBound && ends.last?.upperBound == all.upperBound)
      #expect(zip(ends, ends.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }
  }

  @Test func `owners have equally long slices, but for one element`() {
    for ranks in 1...9 {
      let rounds = SliceRounds(count: 100, ranks: ranks, slice: 1000)
      let lengths = slices(rounds).map(\.count)
      #expect(lengths.count == ranks && lengths.max()! - lengths.min()! <= 1, "\(lengths)")
    }
  }

  @Test func `a long vector is cut into slices of 1 MiB`() {
    let rounds = SliceRounds(count: 262_144 * 6 + 11, ranks: 3)
    #expect(rounds.roundCount == 3)
    #expect(slices(rounds).prefix(6).allSatisfy { $0.count * MemoryLayout<Float>.stride == 1 << 20 })
    #expect(slices(rounds).last?.upperBound == rounds.count)
  }
}
