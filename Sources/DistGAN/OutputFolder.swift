import Foundation
import Training

/// A folder the user asked for: filled under another name beside it, so that it appears complete or not at all.
enum OutputFolder {
  /// Makes the folder to be filled, after making sure that it can take the place of `path`.
  /// - Returns: its path, `.tmp-PID-NAME` in the same directory.
  /// - Throws: `RunError` with exit code 73 when there is something at `path` already, other than an empty folder, or it cannot be made.
  static func claim(_ path: String) throws -> String {
    let final = self.final(path)
    let files = FileManager.default
    if let content = try? files.contentsOfDirectory(atPath: final), !content.isEmpty {
      throw RunError(.cannotCreate, "\(path): cannot write samples here: the folder is not empty; name another")
    }
    let temporary = (final as NSString).deletingLastPathComponent + "/.tmp-\(getpid())-" + (final as NSString).lastPathComponent
    // What a killed process of the same number left.
    try? files.removeItem(atPath: temporary)
    try make(temporary, named: path)
    guard files.fileExists(atPath: final) else { return temporary }
    // An empty folder can be replaced, but not where a file system is mounted, and not by a file: better known now than later.
    do {
      try replace(path, by: temporary)
    } catch {
      try? files.removeItem(atPath: temporary)
      throw error
    }
    try make(temporary, named: path)
    return temporary
  }

  /// Gives the filled folder its name.
  static func replace(_ path: String, by temporary: String) throws {
    guard unsafe rename(temporary, final(path)) == 0 else {
      let reason = unsafe String(cString: strerror(errno))
      throw RunError(.cannotCreate, "\(path): cannot put the folder of samples here: \(reason); name another")
    }
  }

  /// Makes a folder and those above it.
  /// - Parameter name: the folder as the user knows it.
  static func make(_ path: String, named name: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
      throw RunError(.cannotCreate, "\(name): cannot make the folder: \((cause as NSError).localizedDescription)")
    }
  }

  /// The absolute path that links lead to, without a slash at its end.
  private static func final(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path }
}
