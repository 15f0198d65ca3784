import Communication

/// One check that all ranks run together.
struct RankCheck {
  /// A sentence.
  let name: String
  /// Returns nil, or what is wrong on this rank.
  let run: (any Communicator) throws -> String?
}

/// Checks of one kind, reported together.
struct CheckGroup {
  /// What is checked.
  let name: String
  /// The checks, in the order in which all ranks run them.
  let checks: (Ranks) throws -> [RankCheck]
}
