/// How a long vector is cut for a sum by slices: in each round every rank owns one slice of adjacent elements. Knows no MPI.
struct SliceRounds {
  /// Number of elements of the whole vector.
  let count: Int
  let ranks: Int

  /// Elements of a slice, 1 MiB: long enough for full bandwidth, short enough that the slices of all nodes stay in the last-level cache
  /// until they are added, and that no count of a message comes near the limits of C's `int`.
  var slice = 262_144

  /// Number of rounds.
  var roundCount: Int { (count + slice * ranks - 1) / (slice * ranks) }

  /// Elements of one round.
  func elements(ofRound round: Int) -> Range<Int> {
    (round * slice * ranks)..<min(count, (round + 1) * slice * ranks)
  }

  /// Elements that `rank` owns in a round; the slices of all ranks are adjacent and cover the round.
  func elements(ofRank rank: Int, inRound round: Int) -> Range<Int> {
    let all = elements(ofRound: round)
    return (all.lowerBound + all.count * rank / ranks)..<(all.lowerBound + all.count * (rank + 1) / ranks)
  }
}
