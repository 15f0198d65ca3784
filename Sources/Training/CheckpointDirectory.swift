import Foundation

/// The checkpoints of a run: `OUTPUT/checkpoints/step-N.h5`.
public struct CheckpointDirectory {
  /// Path of the directory.
  public let path: String

  /// The checkpoints below a run's output directory.
  public init(output: String) { path = "\(output)/checkpoints" }

  /// The file of a step.
  public func file(step: Int) -> String { "\(path)/step-\(step).h5" }

  /// Steps that have a file, the newest first.
  public func steps() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.compactMap { name in
      name.hasPrefix("step-") && name.hasSuffix(".h5") ? Int(name.dropFirst(5).dropLast(3)) : nil
    }.sorted(by: >)
  }

  /// Makes the directory and removes leftovers of runs that were killed while writing.
  public func prepare() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for name in try FileManager.default.contentsOfDirectory(atPath: path) where name.hasPrefix(".tmp-") {
      try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }
  }

  /// Removes all but the newest `keep` files.
  public func prune(keep: Int) {
    for step in steps().dropFirst(max(keep, 1)) { try? FileManager.default.removeItem(atPath: file(step: step)) }
  }

  /// Removes files of steps after `step`: a run resumed from there will write its own.
  public func removeNewer(than step: Int) {
    for newer in steps() where newer > step { try? FileManager.default.removeItem(atPath: file(step: newer)) }
  }

  /// What `--resume PATH` or `--from PATH` can mean: the file itself, or the checkpoints of a run directory, the newest first.
  /// - Throws: `RunError` with exit code 66 when there is none.
  public static func candidates(_ path: String) throws -> [String] {
    var isDirectory: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw RunError(.noInput, "\(path): no such checkpoint or run directory")
    }
    guard isDirectory.boolValue else { return [path] }
    let directory = CheckpointDirectory(output: path)
    let files = directory.steps().map(directory.file(step:))
    guard !files.isEmpty else { throw RunError(.noInput, "\(path): no checkpoint in \(directory.path)") }
    return files
  }
}
