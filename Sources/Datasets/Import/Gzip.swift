internal import Archive

/// Decodes gzip files whose decoded size is known from their first bytes.
struct Gzip {
  private let path: String
  private let compressed: [UInt8]

  /// Reads the file at `path`; `nil` when it does not begin as gzip does.
  /// - Throws: `DatasetError` when the file cannot be read.
  init?(path: String) throws {
    let file = try DirectFile(path: path)
    let size = try file.byteCount()
    guard size >= 2, size <= 1 << 30 else { return nil }
    var start: [UInt8] = [0, 0]
    try unsafe start.withUnsafeMutableBufferPointer { try unsafe file.read(at: 0, into: $0) { "the file" } }
    guard start == [0x1F, 0x8B] else { return nil }
    self.path = path
    compressed = try unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      try unsafe file.read(at: 0, into: buffer) { "the file" }
      count = size
    }
  }

  /// Number of compressed bytes; deflate shrinks at most 1032 to 1.
  var byteCount: Int { compressed.count }

  /// The first `count` decoded bytes.
  /// - Parameter isAll: whether the decoded file must end there.
  /// - Throws: `DatasetError` when the file is damaged or shorter; with `isAll` also when it is longer.
  func decode(_ count: Int, isAll: Bool) throws -> [UInt8] {
    // One byte more shows whether the file goes on.
    let room = count + (isAll ? 1 : 0)
    var result = Inflate.Result()
    let decoded = unsafe [UInt8](unsafeUninitializedCapacity: room) { target, filled in
      unsafe compressed.withUnsafeBytes { source in
        result = unsafe Inflate.decode(source, into: UnsafeMutableRawBufferPointer(start: target.baseAddress, count: room))
      }
      filled = result.count
    }
    guard result.failure == nil, result.count == room || result.isComplete else {
      throw DatasetError(.damaged, path: path, "cannot decompress the file: \(result.failure ?? "it is cut short"); get it anew")
    }
    guard result.count == count, !isAll || result.isComplete else {
      throw DatasetError(
        .damaged, path: path,
        "the decompressed file should have \(count) bytes and has \(result.count > count ? "more" : "\(result.count)"): it is damaged; get it"
          + " anew")
    }
    return decoded
  }
}
