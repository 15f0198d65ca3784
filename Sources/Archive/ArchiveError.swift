/// Why a file could not be read or written.
///
/// `description` is one sentence that names the file and the reason; `cause` is HDF5's own error stack, innermost call first.
public struct ArchiveError: Error, Sendable, CustomStringConvertible {
  /// Categories a caller may want to tell apart.
  public enum Code: String, Sendable {
    /// The file cannot be opened: missing, a directory, no permission, locked.
    case cannotOpen
    /// The file or its directory cannot be created.
    case cannotCreate
    /// The bytes are not those of an HDF5 file.
    case notHDF5
    /// The file is truncated or its contents contradict their checksums.
    case damaged
    /// A group, data set or attribute is not there.
    case missing
    /// An object has another element type than asked for.
    case wrongType
    /// An object has another shape than asked for, or rows lie outside of it.
    case wrongShape
    /// The file uses a feature that is not read for safety: links, external or virtual storage, unknown filters.
    case refused
    /// Writing failed: disk full, quota, I/O error.
    case cannotWrite
  }

  /// Category of the failure.
  public let code: Code
  /// What was attempted, what was found, what to do; without the file's path.
  public let message: String
  /// The file.
  public let path: String
  /// HDF5's error stack as `function: message`, innermost call first; empty when HDF5 was not at fault.
  public let cause: [String]

  /// An error about the file at `path`.
  public init(_ code: Code, _ message: String, path: String, cause: [String] = []) {
    self.code = code
    self.message = message
    self.path = path
    self.cause = cause
  }

  /// `PATH: message`.
  public var description: String { "\(path): \(message)" }
}
