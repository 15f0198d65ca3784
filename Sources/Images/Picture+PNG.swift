internal import CPNG

// libpng reports errors by longjmp, which must not cross Swift frames. Its simplified interface, used here alone,
// catches them inside the library and returns a status and a message.

extension Picture {
  /// Decodes a PNG; palettes, 1 to 16 bits and interlacing are all turned into 8-bit samples.
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - channels: 1 to 4, or `nil` for the file's own. Colour becomes grey by luminance; transparency is laid on white
  ///     when alpha is not asked for, and is opaque when the file has none.
  /// - Throws: `ImageError` with libpng's message when the bytes are damaged, cut short or no PNG.
  public init(png bytes: [UInt8], channels: Int? = nil) throws {
    try self.init(png: bytes, channels: channels, attempt: "read a PNG of \(bytes.count) bytes in memory")
  }

  init(png bytes: [UInt8], channels: Int?, attempt: String) throws {
    precondition(channels.map { (1...4).contains($0) } ?? true, "Picture: 1 to 4 channels, got \(channels ?? 0)")
    var image = unsafe png_image()
    unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
    // Sound: the bytes outlive both calls, which read no further than their count; `image` is freed in every case.
    self = try unsafe bytes.withUnsafeBytes { file in
      defer { unsafe png_image_free(&image) }
      guard unsafe png_image_begin_read_from_memory(&image, file.baseAddress, file.count) != 0 else {
        throw unsafe ImageError(attempt: attempt, reason: image.words)
      }
      let own = unsafe Int(image.format & (PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA)) + 1
      let channels = channels ?? own
      let (width, height) = unsafe (Int(image.width), Int(image.height))
      try Self.checkSize(width, height, channels, attempt: attempt)
      // Deflate shrinks at most 1032 to 1, and eight grey pixels may share a byte: what claims more is cut short.
      guard width * height <= 8 * 1100 * file.count else {
        throw ImageError(
          attempt: attempt, reason: "its header claims \(width) x \(height) pixels, for which \(file.count) bytes are too few")
      }
      unsafe image.format = png_uint_32(channels - 1)
      // Without this, 16-bit samples in a file that names no gamma would be taken as linear light.
      unsafe image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
      var white = png_color(red: 255, green: 255, blue: 255)
      let pixels = try unsafe [UInt8](unsafeUninitializedCapacity: width * height * channels) { pixels, count in
        guard unsafe png_image_finish_read(&image, &white, pixels.baseAddress, png_int_32(width * channels), nil) != 0 else {
          throw unsafe ImageError(attempt: attempt, reason: image.words)
        }
        count = width * height * channels
      }
      return Picture(width: width, height: height, channels: channels, pixels: pixels)
    }
  }

  /// Encodes as an 8-bit PNG of as many channels.
  /// - Throws: `ImageError` with libpng's message when the picture is larger than PNG allows.
  public func pngData() throws -> [UInt8] {
    try pngData(attempt: "encode a picture of \(width) x \(height) x \(channels)")
  }

  func pngData(attempt: String) throws -> [UInt8] {
    var image = unsafe png_image()
    defer { unsafe png_image_free(&image) }
    unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
    unsafe image.width = png_uint_32(width)
    unsafe image.height = png_uint_32(height)
    unsafe image.format = png_uint_32(channels - 1)
    // Deflate stores what it cannot compress, at a cost far below a quarter; the rest is room for the headers.
    let raw = pixels.count + height
    var bytes = [UInt8](repeating: 0, count: raw + raw / 4 + 1024)
    var count = bytes.count
    // Sound: `pixels` holds height rows of width * channels samples, as its initialiser checked, and `count` is the
    // room in `bytes`.
    guard
      unsafe png_image_write_to_memory(&image, &bytes, &count, 0, pixels, png_int_32(width * channels), nil) != 0
    else { throw unsafe ImageError(attempt: attempt, reason: image.words) }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}

extension png_image {
  /// libpng's message.
  fileprivate var words: String {
    // Sound: the tuple is 64 bytes in place, and only those are looked at.
    let text = unsafe withUnsafeBytes(of: message) { unsafe Array($0.prefix { $0 != 0 }) }
    return text.isEmpty ? "libpng gave no reason" : String(decoding: text, as: UTF8.self)
  }
}
