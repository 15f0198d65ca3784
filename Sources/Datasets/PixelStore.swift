internal import Archive
internal import Glibc

/// Where the pixels of a file are read from.
enum PixelStore: Sendable {
  /// Runs of bytes in the file, each of that many images.
  case file(DirectFile, offsets: [UInt64], imagesPerRun: Int)
  /// All images as bytes, decompressed and scaled once.
  case memory([UInt8])
  /// Each image by HDF5.
  case rows(StoredImages)

  /// Compressed sets up to this many bytes are kept in memory; of larger ones each image costs the decompression of its chunk.
  static let largestCache = 2 << 30

  /// Chooses the fastest way: plain bytes by `pread`, compressed or scaled sets from memory, the rest row by row.
  /// - Parameter keepsAll: whether compressed or scaled sets are kept in memory; of no use to who reads them once and in order.
  init(_ images: StoredImages, keepsAll: Bool = true) throws {
    let info = images.reader.info
    let byteCount = images.count * images.format.sampleCount
    let isPlain = info.elementType == .uint8 && images.axes == .planes
    if isPlain, let offset = info.directOffset {
      self = .file(try DirectFile(path: images.path), offsets: [offset], imagesPerRun: images.count)
    } else if isPlain, let offsets = try images.reader.directChunkOffsets() {
      self = .file(try DirectFile(path: images.path), offsets: offsets, imagesPerRun: info.chunkRows)
    } else if keepsAll && (!isPlain || !info.filters.isEmpty) && byteCount <= Self.largestCache {
      self = .memory(try Self.all(images, byteCount))
    } else {
      self = .rows(images)
    }
  }

  /// All images, a chunk or 16 MiB at a time, so that values wider than bytes never fill the memory.
  private static func all(_ images: StoredImages, _ byteCount: Int) throws -> [UInt8] {
    let size = images.format.sampleCount
    let rows = images.reader.info.chunkRows
    let step = rows * max(1, (16 << 20) / max(1, rows * size))
    return try unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { bytes, filled in
      for start in stride(from: 0, to: images.count, by: step) {
        let part = start..<min(images.count, start + step)
        let place = (part.lowerBound * size)..<(part.upperBound * size)
        try unsafe images.read(part, into: UnsafeMutableBufferPointer(rebasing: bytes[place]))
        filled = place.upperBound
      }
    }
  }

  /// Reads image `index` of `buffer.count` bytes.
  func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    switch self {
    case .file(let file, let offsets, let imagesPerRun):
      let (run, place) = index.quotientAndRemainder(dividingBy: imagesPerRun)
      try unsafe file.read(at: Int(offsets[run]) + place * buffer.count, into: buffer) { "image \(index)" }
    case .memory(let bytes):
      let start = index * buffer.count
      _ = unsafe buffer.update(fromContentsOf: bytes[start..<(start + buffer.count)])
    case .rows(let images): try unsafe images.read(index..<(index + 1), into: buffer)
    }
  }
}

/// A file read at offsets without HDF5, so that no lock is shared with its other users.
final class DirectFile: Sendable {
  private let path: String
  private let descriptor: Int32

  init(path: String) throws {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw DatasetError(.cannotOpen, path: path, "cannot open the file for reading: \(unsafe String(cString: strerror(errno)))")
    }
  }

  /// Length of the file in bytes.
  func byteCount() throws -> Int {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw DatasetError(.cannotOpen, path: path, "cannot open the file for reading: it is not a regular file")
    }
    return status.st_size
  }

  /// Fills `buffer` with the bytes from `start` on.
  /// - Parameter what: what is read, for the message.
  func read(at start: Int, into buffer: UnsafeMutableBufferPointer<UInt8>, _ what: () -> String) throws {
    var done = 0
    while done < buffer.count {
      let count = unsafe pread(descriptor, buffer.baseAddress! + done, buffer.count - done, start + done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let found = count < 0 ? unsafe String(cString: strerror(errno)) : "the file ends there; it was cut short while in use"
        throw DatasetError(.damaged, path: path, "cannot read \(what()) at byte \(start + done): \(found)")
      }
      done += count
    }
  }

  deinit { close(descriptor) }
}
