import Glibc

/// Writes a file so that at `path` there is, at every moment, the old file, the new one, or none, but never a part of one.
///
/// `body` fills `.tmp-PID-NAME` in the same directory; that file is closed, brought to the disk (`fsync`), read back and verified, and
/// only then renamed to `path`; last the directory is brought to the disk. After any failure the temporary file is removed and an older
/// file at `path` is as it was.
/// - Parameters:
///   - path: the file to make or to replace.
///   - body: writes the contents; must not keep the writer.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws; `ArchiveError` with the system's reason (disk full, no permission, …) when the file cannot be made.
@discardableResult
public func writeAtomically<Value>(to path: String, _ body: (ArchiveWriter) throws -> Value) throws -> Value {
  let parts = path.split(separator: "/", omittingEmptySubsequences: false)
  let name = String(parts.last ?? "")
  guard !name.isEmpty else { throw ArchiveError(.cannotCreate, "cannot create the file: the path names no file", path: path) }
  let directory = parts.count == 1 ? "." : parts.count == 2 && parts[0].isEmpty ? "/" : parts.dropLast().joined(separator: "/")
  let temporary = "\(directory)/.tmp-\(getpid())-\(name)"
  do {
    let value = try fill(temporary, body)
    try synchronize(temporary)
    try ArchiveReader(path: temporary).verify()
    guard unsafe rename(temporary, path) == 0 else {
      throw ArchiveError(.cannotWrite, "cannot rename the finished file: \(systemErrorText(errno))", path: temporary)
    }
    try synchronize(directory)
    return value
  } catch {
    unsafe unlink(temporary)
    guard let error = error as? ArchiveError, error.path == temporary else { throw error }
    // The user knows the file by its final name.
    throw ArchiveError(error.code, error.message, path: path, cause: error.cause)
  }
}

/// Creates the file at `path`, lets `body` fill it and closes it, whether `body` succeeds or not.
private func fill<Value>(_ path: String, _ body: (ArchiveWriter) throws -> Value) throws -> Value {
  let writer = try ArchiveWriter(creating: path)
  let value: Value
  do {
    value = try body(writer)
  } catch {
    try? writer.close()
    throw error
  }
  try writer.close()
  return value
}

/// Brings a file or directory to the disk.
private func synchronize(_ path: String) throws(ArchiveError) {
  let descriptor = unsafe open(path, O_RDONLY)
  guard descriptor >= 0 else {
    throw ArchiveError(.cannotWrite, "cannot bring the file to the disk: \(systemErrorText(errno))", path: path)
  }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else {
    throw ArchiveError(.cannotWrite, "cannot bring the file to the disk: \(systemErrorText(errno))", path: path)
  }
}
