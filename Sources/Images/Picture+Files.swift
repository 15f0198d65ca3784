internal import Foundation

extension Picture {
  /// Reads a PNG file; see `init(png:channels:)`.
  /// - Throws: `ImageError` naming the path and the reason.
  public init(pngAt path: String, channels: Int? = nil) throws {
    let attempt = "read \(path)"
    try self.init(png: FileContents.read(path, attempt: attempt), channels: channels, attempt: attempt)
  }

  /// Writes a PNG file, under a temporary name first, so that nobody ever sees half of one.
  /// - Throws: `ImageError` naming the path and the reason.
  public func writePNG(to path: String) throws {
    let attempt = "write \(path)"
    let bytes = try pngData(attempt: attempt)
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw ImageError(attempt: attempt, reason: Self.reason(error))
    }
  }

  /// The system's words where Foundation passes them on, which say more than its own.
  private static func reason(_ error: any Error) -> String {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? POSIXError
    // Sound: strerror returns a constant, terminated string for every code the system itself reported.
    return cause.map { unsafe String(cString: strerror($0.code.rawValue)) } ?? error.localizedDescription
  }
}
