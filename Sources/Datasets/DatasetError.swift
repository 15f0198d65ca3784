internal import Archive

/// Why a data set cannot be used.
///
/// `description` is one sentence that names the file and the reason.
public struct DatasetError: Error, Sendable, CustomStringConvertible {
  /// Categories; each has an exit code.
  public enum Reason: String, Sendable {
    /// The name is neither that of an embedded set nor of a file.
    case unknownName
    /// The file is missing or cannot be opened.
    case cannotOpen
    /// The file is sound but holds no images, images of another type, or labels that do not fit.
    case unsuitable
    /// The file is truncated or damaged.
    case damaged
    /// A file cannot be written.
    case cannotWrite

    /// Exit code of the program: 64 usage, 65 data do not match, 66 cannot be loaded, 74 input or output failed.
    public var exitCode: Int32 {
      switch self {
      case .unknownName: 64
      case .unsuitable, .damaged: 65
      case .cannotOpen: 66
      case .cannotWrite: 74
      }
    }
  }

  /// Category of the failure.
  public let reason: Reason
  /// The file, or the name that was asked for.
  public let path: String
  /// What was attempted, what was found, what to do; without the path.
  public let message: String
  /// HDF5's error stack, innermost call first; empty when HDF5 was not at fault.
  public let cause: [String]

  /// An error about the file or set at `path`.
  public init(_ reason: Reason, path: String, _ message: String, cause: [String] = []) {
    self.reason = reason
    self.path = path
    self.message = message
    self.cause = cause
  }

  init(_ error: ArchiveError) {
    let reason: Reason =
      switch error.code {
      case .cannotOpen: .cannotOpen
      case .notHDF5, .missing, .wrongType, .wrongShape, .refused: .unsuitable
      case .damaged: .damaged
      case .cannotCreate, .cannotWrite: .cannotWrite
      }
    self.init(reason, path: error.path, error.message, cause: error.cause)
  }

  /// `PATH: message`, on one line: names of files may hold control characters, which a terminal would obey.
  public var description: String {
    "\(path): \(message)".unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : String($0) }.joined()
  }
}
