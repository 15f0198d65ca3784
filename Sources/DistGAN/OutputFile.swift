import Foundation
import Training

/// A file the user asked for.
enum OutputFile {
  /// Runs `body`, which writes the file at `path` so that it appears complete or not at all, after making sure that it can be made and that
  /// nothing is lost.
  /// - Throws: `RunError` with exit code 73 when the file exists or cannot be made; what `body` throws.
  static func creating(_ path: String, _ body: () throws -> Void) throws {
    try claim(path, mustBeNew: true)
    try body()
  }

  /// Makes sure that the file at `path` can be written, and leaves everything as it is: whoever is killed before writing leaves nothing.
  static func claim(_ path: String, mustBeNew: Bool) throws {
    var descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor >= 0 {
      unsafe unlink(path)
    } else if errno == EEXIST && !mustBeNew {
      descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)
    }
    guard descriptor >= 0 else {
      let reason = errno == EEXIST ? "it exists already; remove it or name another" : unsafe String(cString: strerror(errno))
      throw RunError(.cannotCreate, "\(path): cannot create the file: \(reason)")
    }
    close(descriptor)
  }
}
