import Foundation
import Glibc

/// The output directory of a run, held by one run at a time.
public final class RunDirectory {
  /// Path of the directory.
  public let path: String
  private let descriptor: Int32

  /// The checkpoints in it.
  public var checkpoints: CheckpointDirectory { CheckpointDirectory(output: path) }
  /// Sample sheets in it.
  public var samples: String { "\(path)/samples" }

  /// Makes the directory, proves that files can be written there, and locks it.
  /// - Throws: `RunError`: 73 when it cannot be made or written, 69 when another run holds it, naming host and process.
  public init(_ path: String) throws {
    self.path = path
    do {
      try FileManager.default.createDirectory(atPath: "\(path)/samples", withIntermediateDirectories: true)
      try CheckpointDirectory(output: path).prepare()
    } catch {
      throw RunError(.cannotCreate, "cannot create the output directory \(path): \(Self.words(error)); choose another with --output")
    }
    let lock = "\(path)/run.lock"
    descriptor = unsafe open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw RunError(
        .cannotCreate,
        "cannot write into the output directory \(path): \(unsafe String(cString: strerror(errno))); choose another with --output")
    }
    // The kernel drops the lock when the process ends, however it ends.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = (try? String(contentsOfFile: lock, encoding: .utf8)) ?? ""
      close(descriptor)
      throw RunError(.inUse, "\(path) is in use by \(holder.isEmpty ? "another run" : holder); choose another directory with --output")
    }
    let text = "process \(getpid()) on \(ProcessInfo.processInfo.hostName)"
    ftruncate(descriptor, 0)
    _ = unsafe text.withCString { unsafe write(descriptor, $0, strlen($0)) }
  }

  deinit {
    unsafe unlink("\(path)/run.lock")
    close(descriptor)
  }

  private static func words(_ error: any Error) -> String {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
    return (cause as NSError).localizedDescription
  }
}
