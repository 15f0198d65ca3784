internal import Foundation

/// Bytes of a file, read from front to back; a read past the end throws.
struct ByteReader {
  /// The file, for messages.
  let path: String
  let bytes: ArraySlice<UInt8>
  /// Index of the next byte.
  private(set) var position: Int

  init(_ bytes: ArraySlice<UInt8>, path: String) {
    self.bytes = bytes
    self.path = path
    position = bytes.startIndex
  }

  /// The file at `path`, or its first bytes.
  static func contents(of path: String, upTo limit: Int? = nil) throws -> [UInt8] {
    // Sound: strerror returns a constant, terminated string for every code the system itself reported.
    func refusal(_ code: Int32) -> WeightError {
      WeightError(.unreadable, unsafe "\(path): cannot read weights: \(String(cString: strerror(code)))")
    }
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw refusal(errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      // A pipe might never end.
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "no regular file"
      throw WeightError(.unreadable, "\(path): cannot read weights: it is \(kind)")
    }
    do {
      if let limit {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        return [UInt8](try handle.read(upToCount: limit) ?? Data())
      }
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      // What Foundation says is more than a sentence.
      let cocoa = CocoaError.Code(rawValue: (error as NSError).code)
      throw refusal(cocoa == .fileReadNoPermission ? EACCES : cocoa == .fileReadNoSuchFile || cocoa == .fileNoSuchFile ? ENOENT : EIO)
    }
  }

  var remaining: Int { bytes.endIndex - position }

  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0 && count <= remaining else {
      throw WeightError(.unreadable, "\(path): the file is cut short or damaged: \(count) bytes are expected where \(remaining) are left")
    }
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  mutating func byte() throws -> UInt8 { try take(1)[position - 1] }

  /// A little-endian unsigned number.
  mutating func unsigned(_ size: Int) throws -> UInt64 {
    try take(size).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A little-endian unsigned number that counts bytes, or things of at least one byte.
  mutating func count(_ size: Int) throws -> Int {
    let number = try unsigned(size)
    guard let count = Int(exactly: number) else {
      throw WeightError(.unreadable, "\(path): the file is damaged: a size of \(number) bytes")
    }
    return count
  }

  /// Text up to a line's end.
  mutating func line() throws -> String {
    guard let end = bytes[position...].firstIndex(of: 10) else {
      throw WeightError(.unreadable, "\(path): the file is cut short or damaged: a line has no end")
    }
    defer { position = end + 1 }
    return String(decoding: bytes[position..<end], as: UTF8.self)
  }
}
