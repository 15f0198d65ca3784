internal import Foundation

/// The facts of a run as `log.jsonl`: one JSON object a line, each with the fields `event` and `time`, in seconds since 1970.
///
/// Lines are appended, so that a resumed run goes on in the same file: its `header` says at which step, and lines of later steps before
/// it were not kept. Each line is written at once; one that a kill cut short is removed when the log is opened again.
public final class RunLog {
  /// Path of the file.
  public let path: String
  private let file: FileHandle

  /// Opens the log at `path`, new or to be continued.
  /// - Throws: `LogError` when the file cannot be made or read.
  public init(path: String) throws {
    self.path = path
    do {
      if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(fileURLWithPath: path)) }
      file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      try file.truncate(atOffset: UInt64(Self.wholeLines(file)))
      try file.seekToEnd()
    } catch {
      throw LogError(path: path, attempt: "open the log", reason: error)
    }
  }

  /// Appends one line.
  /// - Throws: `LogError` when it cannot be written, as on a full disk.
  public func write(_ event: String, _ fields: [(name: String, value: JSON)]) throws {
    let milliseconds = (Date().timeIntervalSince1970 * 1000).rounded()
    let line = JSON.object([(name: "event", value: .text(event)), (name: "time", value: .number(milliseconds / 1000))] + fields)
    do {
      try file.write(contentsOf: Data("\(line)\n".utf8))
    } catch {
      throw LogError(path: path, attempt: "append to the log", reason: error)
    }
  }

  deinit { try? file.close() }

  /// Bytes up to the end of the last whole line, searched backwards.
  private static func wholeLines(_ file: FileHandle) throws -> Int {
    var end = Int(try file.seekToEnd())
    while end > 0 {
      let start = max(0, end - 4096)
      try file.seek(toOffset: UInt64(start))
      let bytes = try file.read(upToCount: end - start) ?? Data()
      if let last = bytes.lastIndex(of: UInt8(ascii: "\n")) { return start + bytes.distance(from: bytes.startIndex, to: last) + 1 }
      end = start
    }
    return 0
  }
}

/// A log that cannot be written.
public struct LogError: Error, CustomStringConvertible {
  /// File, attempt and the system's words.
  public let description: String

  init(path: String, attempt: String, reason: any Error) {
    let cause = (reason as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? reason
    description = "\(path): cannot \(attempt): \((cause as NSError).localizedDescription)"
  }
}
