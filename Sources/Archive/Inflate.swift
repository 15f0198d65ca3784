internal import CZlib

/// Decodes deflate with zlib's or gzip's header, told apart by their first bytes.
public enum Inflate {
  /// What became of a stream.
  public struct Result: Sendable, Equatable {
    /// Number of bytes decoded.
    public var count: Int
    /// Whether the stream's end was reached and its checksum is right.
    public var isComplete: Bool
    /// Why decoding stopped before the end of both source and room: zlib's words.
    public var failure: String?

    /// By default of an empty stream that goes on.
    public init(count: Int = 0, isComplete: Bool = false, failure: String? = nil) {
      self.count = count
      self.isComplete = isComplete
      self.failure = failure
    }
  }

  /// Decodes until the source ends or the room is full.
  /// - Precondition: both are of less than 4 GiB, since zlib counts in 32 bits.
  public static func decode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Result {
    precondition(max(source.count, target.count) <= UInt32.max, "Inflate: \(source.count) bytes into \(target.count)")
    return unsafe run(source) { stream in
      unsafe stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
      unsafe stream.avail_out = UInt32(target.count)
      return unsafe inflate(&stream, Z_SYNC_FLUSH)
    }
  }

  /// Decodes without keeping anything, until the source ends or more than `limit` bytes have come.
  /// - Precondition: the source is of less than 4 GiB.
  static func measure(_ source: UnsafeRawBufferPointer, limit: Int) -> Result {
    precondition(source.count <= UInt32.max, "Inflate: \(source.count) bytes")
    return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { room in
      unsafe run(source) { stream in
        var status = Z_OK
        while unsafe status == Z_OK && stream.total_out <= limit {
          unsafe stream.next_out = room.baseAddress
          unsafe stream.avail_out = UInt32(room.count)
          status = unsafe inflate(&stream, Z_SYNC_FLUSH)
        }
        return status
      }
    }
  }

  private static func run(_ source: UnsafeRawBufferPointer, _ body: (inout z_stream) -> Int32) -> Result {
    var stream = unsafe z_stream()
    guard unsafe czlib_inflate_begin(&stream) == Z_OK else { return Result(failure: "there is no memory left") }
    defer { unsafe inflateEnd(&stream) }
    // Sound: zlib reads no further than the count, and writes nothing here.
    unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
    unsafe stream.avail_in = UInt32(source.count)
    let status = unsafe body(&stream)
    var result = unsafe Result(count: Int(stream.total_out), isComplete: status == Z_STREAM_END)
    if status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR {
      result.failure = unsafe stream.msg.map { unsafe String(cString: $0) } ?? "error \(status) of zlib"
    }
    return result
  }
}
