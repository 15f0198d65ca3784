internal import CZlib
internal import Glibc

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
    var stream = unsafe z_stream()
    guard unsafe czlib_inflate_begin(&stream) == Z_OK else {
      throw DatasetError(.damaged, path: path, "cannot decompress the file: there is no memory left")
    }
    defer { unsafe inflateEnd(&stream) }
    // One byte more shows whether the file goes on.
    let room = count + (isAll ? 1 : 0)
    var (status, done) = (Z_OK, 0)
    let decoded = unsafe [UInt8](unsafeUninitializedCapacity: room) { target, filled in
      // Sound: zlib reads and writes no further than the counts it is given, which are those of the two buffers.
      unsafe compressed.withUnsafeBufferPointer { source in
        unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        unsafe stream.avail_in = UInt32(source.count)
        unsafe stream.next_out = target.baseAddress
        unsafe stream.avail_out = UInt32(room)
        status = unsafe inflate(&stream, isAll ? Z_FINISH : Z_SYNC_FLUSH)
      }
      done = unsafe room - Int(stream.avail_out)
      filled = done
    }
    let message = unsafe stream.msg.map { unsafe String(cString: $0) }
    guard status == Z_OK || status == Z_STREAM_END || (status == Z_BUF_ERROR && done == room) else {
      throw DatasetError(.damaged, path: path, "cannot decompress the file: \(message ?? "it is cut short"); get it anew")
    }
    guard done == count, !isAll || status == Z_STREAM_END else {
      throw DatasetError(
        .damaged, path: path,
        "the decompressed file should have \(count) bytes and has \(done > count ? "more" : "\(done)"): it is damaged; get it anew")
    }
    return decoded
  }
}
