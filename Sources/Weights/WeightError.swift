/// Weights that cannot be read, written, or brought into a model.
public struct WeightError: Error, CustomStringConvertible, Sendable {
  /// Categories; each has an exit code.
  public enum Reason: Sendable {
    /// The file is missing, damaged, of another kind, or holds what is not read here.
    case unreadable
    /// The arrays do not fit the model.
    case mismatch
    /// The file cannot be made.
    case cannotCreate
    /// Writing failed.
    case cannotWrite

    /// Exit code of the program.
    public var exitCode: Int32 {
      switch self {
      case .unreadable: 66
      case .mismatch: 65
      case .cannotCreate: 73
      case .cannotWrite: 74
      }
    }
  }

  /// Category of the failure.
  public let reason: Reason
  /// What was attempted, what was found, what to do: one sentence.
  public let description: String

  /// An error with this sentence.
  public init(_ reason: Reason, _ description: String) {
    self.reason = reason
    self.description = description
  }

  /// Names out of a file as messages show them: short, on one line, without control characters.
  static func shown(_ name: some StringProtocol) -> String {
    let clean = name.unicodeScalars.prefix(80).map { $0.properties.generalCategory == .control ? "?" : String($0) }.joined()
    return clean.count < name.count ? "\(clean)…" : clean
  }
}
