import Foundation
import Training

/// A file the user asked for.
enum OutputFile {
  /// Runs `body`, which writes the file at `path`, after making sure that it can be made and that nothing is lost.
  /// - Throws: `RunError` with exit code 73 when the file exists or cannot be made; what `body` throws, with no file left behind.
  static func creating(_ path: String, _ body: () throws -> Void) throws {
    try claim(path, mustBeNew: true)
    do {
      try body()
    } catch {
      unsafe unlink(path)
      throw error
    }
  }

  /// Makes sure that the file at `path` can be written.
  static func claim(_ path: String, mustBeNew: Bool) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (mustBeNew ? O_EXCL : 0), 0o666)
    guard descriptor >= 0 else {
      let reason = errno == EEXIST ? "it exists already; remove it or name another" : unsafe String(cString: strerror(errno))
      throw RunError(.cannotCreate, "\(path): cannot create the file: \(reason)")
    }
    close(descriptor)
  }
}
