import Foundation
import Training

/// Where a new run writes.
enum OutputChoice {
  /// `runs/biggan-demo-kanji32`, or with `-2`, `-3`, … the first that no run has written to.
  static func fresh(model: String, preset: String, data: String) -> String {
    // A data file is named by its last part, without what a file system or a shell could take amiss.
    var stem = (data as NSString).lastPathComponent
    for suffix in [".h5", ".hdf5"] where stem.hasSuffix(suffix) { stem = String(stem.dropLast(suffix.count)) }
    let name = String(stem.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" })
    let first = "runs/\(model)-\(preset)-\(name)"
    var (path, number) = (first, 1)
    while isTaken(path) {
      number += 1
      path = "\(first)-\(number)"
    }
    return path
  }

  /// Refuses a directory, named by the user, that holds a run already.
  /// - Throws: `RunError` that says how to go on.
  static func mustBeFree(_ path: String) throws {
    guard isTaken(path) else { return }
    throw RunError(
      .cannotCreate,
      "\(path): cannot begin a run here: the directory holds one already; go on with --resume \(path), or name another --output")
  }

  /// Whether a run has written to the directory.
  private static func isTaken(_ path: String) -> Bool {
    if ["log.jsonl", "run.lock"].contains(where: { FileManager.default.fileExists(atPath: "\(path)/\($0)") }) { return true }
    // Weights whose import was killed leave a directory without a finished checkpoint.
    let checkpoints = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/checkpoints")) ?? []
    return checkpoints.contains { !$0.hasPrefix(".") }
  }
}
