internal import Archive
internal import Glibc

/// Writes blocks of images, as they come, as the HDF5 file that `HDF5Source` reads.
public final class ImportWriter {
  /// Number of images written.
  public private(set) var count = 0
  /// Class of each image written.
  public private(set) var labels: [Int32] = []
  private let path: String
  private let format: ImageFormat
  private var target: Target
  /// CRC-32C of the images so far.
  private var check: UInt32 = 0

  private enum Target {
    /// The data set itself: the number of images is known.
    case images(DataSetWriter)
    /// A file without a name, until the number of images is known.
    case spool(Int32)
  }

  /// - Parameter path: the name the file is going to have.
  fileprivate init(_ writer: ArchiveWriter, path: String, capacity: Int, format: ImageFormat, mayLose: Bool) throws {
    self.format = format
    self.path = path
    if mayLose {
      target = .spool(try Self.unnamedFile(writer.path, path))
    } else {
      target = .images(try Self.images(writer, capacity, format))
    }
  }

  /// Appends the images of a block.
  /// - Throws: `DatasetError` when they cannot be written.
  public func append(_ block: ImportBlock) throws {
    let rows = count..<(count + block.labels.count)
    switch target {
    case .images(let images):
      do {
        try unsafe block.planes.withUnsafeBufferPointer { try unsafe images.write($0, rows: rows) }
      } catch let error as ArchiveError {
        // It names the temporary file.
        throw DatasetError(.cannotWrite, path: path, error.message, cause: error.cause)
      }
    case .spool(let descriptor):
      try unsafe block.planes.withUnsafeBytes { bytes in
        var done = 0
        while done < bytes.count {
          let part = unsafe write(descriptor, bytes.baseAddress! + done, bytes.count - done)
          if part < 0 && errno == EINTR { continue }
          guard part > 0 else {
            throw DatasetError(.cannotWrite, path: path, "cannot write the images: \(unsafe String(cString: strerror(errno)))")
          }
          done += part
        }
      }
    }
    check = unsafe block.planes.withUnsafeBytes { unsafe crc32c($0, continuing: check) }
    count = rows.upperBound
    labels += block.labels
  }

  /// Writes what is left: the images of the spool, labels and attributes.
  fileprivate func finish(_ writer: ArchiveWriter, _ source: any ImportSource, name: String, license: String?) throws {
    if case .spool(let descriptor) = target { try copy(descriptor, to: Self.images(writer, count, format)) }
    try writer.setAttribute(imageCheckName, of: "imgs", to: Int64(check))
    if source.hasLabels { try writer.write("labels", labels.map { Int64($0) }, shape: [count], storage: .contiguous) }
    if source.hasLabels, let classNames = source.classNames { try writer.setAttribute("classes", to: classNames) }
    if let license { try writer.setAttribute("license", to: license) }
    try writer.setAttribute("name", to: name)
  }

  private func copy(_ descriptor: Int32, to images: DataSetWriter) throws {
    let step = max(1, (4 << 20) / format.sampleCount)
    var buffer = [UInt8](repeating: 0, count: step * format.sampleCount)
    for start in stride(from: 0, to: count, by: step) {
      let rows = start..<min(count, start + step)
      let size = rows.count * format.sampleCount
      try unsafe buffer.withUnsafeMutableBufferPointer { bytes in
        var done = 0
        while done < size {
          let part = unsafe pread(descriptor, bytes.baseAddress! + done, size - done, start * format.sampleCount + done)
          if part < 0 && errno == EINTR { continue }
          guard part > 0 else {
            throw DatasetError(.cannotWrite, path: path, "cannot read the images back: \(unsafe String(cString: strerror(errno)))")
          }
          done += part
        }
        try unsafe images.write(UnsafeBufferPointer(rebasing: bytes[..<size]), rows: rows)
      }
    }
  }

  private static func images(_ writer: ArchiveWriter, _ count: Int, _ format: ImageFormat) throws -> DataSetWriter {
    try writer.createDataSet(
      "imgs", of: UInt8.self, shape: [count, format.channels, format.height, format.width], storage: .contiguous)
  }

  /// A file in the same directory that goes when it is closed, whatever ends the process.
  private static func unnamedFile(_ temporary: String, _ path: String) throws -> Int32 {
    let name = "\(temporary).images"
    let descriptor = unsafe open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw DatasetError(.cannotWrite, path: path, "cannot create a temporary file: \(unsafe String(cString: strerror(errno)))")
    }
    unsafe unlink(name)
    return descriptor
  }

  deinit {
    if case .spool(let descriptor) = target { close(descriptor) }
  }
}

/// Writes a data set of imported images; the file appears complete or not at all.
/// - Parameters:
///   - source: where classes, name and terms of use come from.
///   - format: size and channels of the images that come.
///   - name: name of the set, kept in the file.
///   - license: terms of use, kept in the file; nil where they are not known.
///   - path: the file to be made.
///   - mayLose: whether fewer images than the source has may come; they are then written twice.
///   - body: appends the images.
/// - Returns: number of images and their classes.
/// - Throws: what `body` throws; `DatasetError` when the file cannot be written, or there are no images.
public func writeImport(
  of source: any ImportSource, as format: ImageFormat, name: String, license: String?, to path: String, mayLose: Bool,
  _ body: (ImportWriter) throws -> Void
) throws -> (count: Int, labels: [Int32]) {
  do {
    return try writeAtomically(to: path) { writer in
      let images = try ImportWriter(writer, path: path, capacity: source.count, format: format, mayLose: mayLose)
      try body(images)
      guard images.count > 0 else {
        throw DatasetError(.unsuitable, path: path, "not one of \(source.count) images could be read, so there is nothing to write")
      }
      precondition(mayLose || images.count == source.count, "writeImport: \(images.count) of \(source.count) images were given")
      try images.finish(writer, source, name: name, license: license)
      return (images.count, images.labels)
    }
  } catch let error as ArchiveError {
    throw DatasetError(error)
  }
}
