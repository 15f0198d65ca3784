import Foundation
import Training

/// A folder the user asked for: filled under another name beside it, so that it appears complete or not at all.
struct OutputFolder {
  /// The folder as the user named it.
  private let name: String
  /// Its absolute path, where links lead to.
  private let path: String
  /// Where it is filled: `.tmp-PID-NAME` in the same directory.
  let temporary: String

  /// Makes the folder to be filled, after making sure that it can take the place of `name`.
  /// - Throws: `RunError` with exit code 73 when there is something of this name already, other than an empty folder, or it cannot be made.
  init(claiming name: String) throws {
    self.name = name
    path = URL(fileURLWithPath: name).resolvingSymlinksInPath().standardizedFileURL.path
    let place = path as NSString
    temporary = place.deletingLastPathComponent + "/.tmp-\(getpid())-" + place.lastPathComponent
    let files = FileManager.default
    if let content = try? files.contentsOfDirectory(atPath: path), !content.isEmpty {
      throw RunError(.cannotCreate, "\(name): cannot write samples here: the folder is not empty; name another")
    }
    // Whoever works in a folder that is replaced works in one that is gone.
    guard path != URL(fileURLWithPath: files.currentDirectoryPath).resolvingSymlinksInPath().path else {
      throw RunError(.cannotCreate, "\(name): cannot write samples here: it is the current directory; name a new folder")
    }
    // What a killed process of the same number left.
    discard()
    try Self.make(temporary, named: name)
    guard files.fileExists(atPath: path) else { return }
    // An empty folder can be replaced, but not where a file system is mounted, and not a file: better known now than later.
    try finish()
    try Self.make(temporary, named: name)
  }

  /// Gives the filled folder its name.
  func finish() throws {
    guard unsafe rename(temporary, path) == 0 else {
      let reason = unsafe String(cString: strerror(errno))
      discard()
      throw RunError(.cannotCreate, "\(name): cannot put the folder of samples here: \(reason); name another")
    }
  }

  /// Removes what has been filled.
  func discard() { try? FileManager.default.removeItem(atPath: temporary) }

  /// Makes a folder and those above it.
  /// - Parameter name: the folder as the user knows it.
  static func make(_ path: String, named name: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? POSIXError
      let words = cause.map { unsafe String(cString: strerror($0.code.rawValue)) } ?? error.localizedDescription
      throw RunError(.cannotCreate, "\(name): cannot make the folder: \(words)")
    }
  }
}
