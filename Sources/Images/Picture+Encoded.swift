extension Picture {
  /// More samples than this are refused, since a damaged or hostile header may claim any size: 16,384 x 16,384 in grey.
  static let largestSampleCount = 1 << 28

  /// Decodes a PNG or a JPEG, told by its first bytes, and turns it upright as its Exif block says; channels are the file's own.
  /// - Parameter bytes: the whole file.
  /// - Throws: `ImageError` when the bytes are damaged, cut short, or of another kind.
  public init(encoded bytes: [UInt8]) throws {
    try self.init(encoded: bytes, attempt: "read an image of \(bytes.count) bytes in memory")
  }

  /// Reads a PNG or JPEG file, told by its first bytes, whatever its name, and turns it upright as its Exif block says; channels are the
  /// file's own.
  /// - Throws: `ImageError` naming the path and the reason.
  public init(at path: String) throws {
    let attempt = "read \(path)"
    try self.init(encoded: FileContents.read(path, attempt: attempt), attempt: attempt)
  }

  init(encoded bytes: [UInt8], attempt: String) throws {
    switch ImageKind(beginning: bytes) {
    case .png: try self.init(png: bytes, channels: nil, attempt: attempt)
    case .jpeg: try self.init(jpeg: bytes, attempt: attempt)
    case .other(let name): throw ImageError(attempt: attempt, reason: "it is \(name), neither PNG nor JPEG")
    }
    self = upright(from: Orientation(ofFile: bytes))
  }

  /// Refuses what the header of a file claims to be too large.
  static func checkSize(_ width: Int, _ height: Int, _ channels: Int, attempt: String) throws {
    guard width > 0, height > 0, width <= largestSampleCount / channels / height else {
      throw ImageError(attempt: attempt, reason: "its header claims \(width) x \(height) pixels, more than is read here")
    }
  }
}

/// What a file is, by its first bytes.
public enum ImageKind: Sendable, Equatable {
  case png, jpeg
  /// What it is instead, as in `a GIF`.
  case other(String)

  /// Looks at the first bytes of a file, 16 where it has as many.
  public init(beginning bytes: [UInt8]) {
    func begins(_ signature: [UInt8], at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: signature) }
    if begins([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if begins([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.isEmpty {
      self = .other("empty")
    } else if begins(Array("GIF8".utf8)) {
      self = .other("a GIF")
    } else if begins(Array("RIFF".utf8)) && begins(Array("WEBP".utf8), at: 8) {
      self = .other("a WebP")
    } else if begins(Array("II*\0".utf8)) || begins(Array("MM\0*".utf8)) {
      self = .other("a TIFF")
    } else if begins(Array("ftyp".utf8), at: 4) {
      self = .other("an AVIF, HEIC or film")
    } else if begins(Array("BM".utf8)) {
      self = .other("a BMP")
    } else {
      self = .other("something else")
    }
  }
}
