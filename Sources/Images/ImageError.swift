/// A picture that could not be read or written.
///
/// Printed as `cannot read runs/a.png: Not a PNG file`.
public struct ImageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was attempted, with the file's path: `read runs/a.png`.
  public let attempt: String
  /// What was found: libpng's or the system's own words, and the remedy where there is one.
  public let reason: String

  /// Creates an error from what was attempted and what was found.
  public init(attempt: String, reason: String) {
    self.attempt = attempt
    self.reason = reason
  }

  /// One line for the log.
  public var description: String { "cannot \(attempt): \(reason)" }
}
