internal import Glibc

/// The bytes of files.
enum FileContents {
  /// Longer files are no pictures.
  private static let largestByteCount = 1 << 30

  /// All bytes of the regular file at `path`.
  /// - Throws: `ImageError` with the system's words; also for anything that is not a regular file, which might never end.
  static func read(_ path: String, attempt: String) throws -> [UInt8] {
    // Without O_NONBLOCK the opening of a pipe would wait for its other end.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ImageError(attempt: attempt, reason: systemWords()) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw ImageError(attempt: attempt, reason: systemWords()) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw ImageError(attempt: attempt, reason: "it is not a regular file") }
    guard status.st_size <= largestByteCount else {
      throw ImageError(attempt: attempt, reason: "it has \(status.st_size) bytes, more than is read here")
    }
    return try unsafe [UInt8](unsafeUninitializedCapacity: status.st_size) { buffer, count in
      while count < buffer.count {
        let part = unsafe Glibc.read(descriptor, buffer.baseAddress! + count, buffer.count - count)
        if part < 0 && errno == EINTR { continue }
        guard part >= 0 else { throw ImageError(attempt: attempt, reason: systemWords()) }
        // A file that shrinks meanwhile is judged by what there was of it.
        if part == 0 { break }
        count += part
      }
    }
  }

  private static func systemWords() -> String {
    // Sound: strerror returns a constant, terminated string for every code the system itself reported.
    unsafe String(cString: strerror(errno))
  }
}
