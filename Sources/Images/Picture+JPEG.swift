internal import CJPEGDecoding

extension Picture {
  /// Decodes a JPEG: grey in one channel, all else, CMYK included, in three.
  /// - Parameter bytes: the whole file.
  /// - Throws: `ImageError` with libjpeg's message when the bytes are damaged, cut short or no JPEG.
  public init(jpeg bytes: [UInt8]) throws {
    try self.init(jpeg: bytes, attempt: "read a JPEG of \(bytes.count) bytes in memory")
  }

  init(jpeg bytes: [UInt8], attempt: String) throws {
    var message = [CChar](repeating: 0, count: Int(CJPEG_MESSAGE_SIZE))
    var header = CJPEGHeader()
    // Sound: the bytes outlive both calls, which read no further than their count and write no more than `capacity`.
    self = try unsafe bytes.withUnsafeBufferPointer { file in
      guard let base = file.baseAddress, unsafe cjpeg_read_header(base, file.count, &header, &message) != 0 else {
        throw ImageError(attempt: attempt, reason: bytes.isEmpty ? "it is empty" : Self.words(message))
      }
      let (width, height, channels) = (Int(header.width), Int(header.height), Int(header.channels))
      try Self.checkSize(width, height, channels, attempt: attempt)
      let capacity = width * height * channels
      let pixels = try unsafe [UInt8](unsafeUninitializedCapacity: capacity) { pixels, count in
        guard unsafe cjpeg_decode(base, file.count, pixels.baseAddress!, capacity, &message) != 0 else {
          throw ImageError(attempt: attempt, reason: Self.words(message))
        }
        count = capacity
      }
      return Picture(width: width, height: height, channels: channels, pixels: pixels)
    }
  }

  private static func words(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
