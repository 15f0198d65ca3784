import Communication

/// One check that all ranks run together.
struct RankCheck {
  /// A sentence.
  let name: String
  /// Returns nil, or what is wrong on this rank.
  let run: (any Communicator) throws -> String?
}
