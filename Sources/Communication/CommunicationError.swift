/// A failure between ranks: what was attempted, what was found, what to do.
public struct CommunicationError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The operation that failed, such as "MPI_Allgatherv of 3 floats per rank".
  public let attempted: String
  /// What happened instead; MPI's own words when MPI reported it.
  public let found: String
  /// What the user can do.
  public let remedy: String

  /// An error with its three sentences.
  public init(attempted: String, found: String, remedy: String) {
    self.attempted = attempted
    self.found = found
    self.remedy = remedy
  }

  /// `attempted: found; remedy`.
  public var description: String { "\(attempted): \(found); \(remedy)" }
}
