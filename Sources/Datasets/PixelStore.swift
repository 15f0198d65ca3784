internal import Archive
internal import Glibc

/// Where the pixels of a file are read from.
enum PixelStore: Sendable {
  /// One run of bytes in the file.
  case file(DirectFile)
  /// All images, decompressed once.
  case memory([UInt8])
  /// Each image by HDF5.
  case rows(DataSetReader)

  /// Compressed sets up to this many bytes are kept in memory; of larger ones each image costs the decompression of its chunk.
  static let largestCache = 2 << 30

  /// Chooses the fastest way: plain bytes by `pread`, compressed sets from memory, the rest row by row.
  init(_ images: DataSetReader, path: String) throws {
    if let offset = images.info.directOffset {
      self = .file(try DirectFile(path: path, offset: offset))
    } else if !images.info.filters.isEmpty && images.info.byteCount <= Self.largestCache {
      self = .memory(try images.read())
    } else {
      self = .rows(images)
    }
  }

  /// Reads image `index` of `buffer.count` bytes.
  func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    switch self {
    case .file(let file): try unsafe file.read(index, into: buffer)
    case .memory(let bytes):
      let start = index * buffer.count
      _ = unsafe buffer.update(fromContentsOf: bytes[start..<(start + buffer.count)])
    case .rows(let images):
      do {
        try unsafe images.read(rows: index..<(index + 1), into: buffer)
      } catch {
        throw DatasetError(error)
      }
    }
  }
}

/// A file whose images lie one after the other from an offset on; read without HDF5, so that no lock is shared with its other users.
final class DirectFile: Sendable {
  private let path: String
  private let offset: UInt64
  private let descriptor: Int32

  init(path: String, offset: UInt64) throws {
    self.path = path
    self.offset = offset
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw DatasetError(.cannotOpen, path: path, "cannot open the file for reading: \(unsafe String(cString: strerror(errno)))")
    }
  }

  /// Reads image `index` of `buffer.count` bytes.
  func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    let start = Int(offset) + index * buffer.count
    var done = 0
    while done < buffer.count {
      let count = unsafe pread(descriptor, buffer.baseAddress! + done, buffer.count - done, start + done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let found = count < 0 ? unsafe String(cString: strerror(errno)) : "the file ends there; it was cut short while in use"
        throw DatasetError(.damaged, path: path, "cannot read image \(index) at byte \(start + done): \(found)")
      }
      done += count
    }
  }

  deinit { close(descriptor) }
}
