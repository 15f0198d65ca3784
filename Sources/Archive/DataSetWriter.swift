import CHDF5

/// How the elements of a data set are laid out when written.
public enum DataSetStorage: Sendable, Equatable {
  /// One run of bytes, without checksum: samples can be had with `pread`.
  case contiguous
  /// Chunks of at most 1 MiB, each with a Fletcher-32 checksum; with `gzip` compressed at level 1...9. Scalars and empty data sets,
  /// which HDF5 cannot cut into chunks, are stored contiguously.
  case chunked(gzip: Int? = nil)
}

/// One data set being written row by row.
public final class DataSetWriter {
  /// Name of the data set in its file.
  public let name: String
  /// Lengths of the axes; empty for a scalar.
  public let shape: [Int]
  private let elementType: ElementType
  private let archive: ArchiveWriter
  private let dataSet: Identifier

  fileprivate init(
    _ name: String, in archive: ArchiveWriter, elementType: ElementType, shape: [Int], storage: DataSetStorage
  ) throws(ArchiveError) {
    precondition(shape.allSatisfy { $0 >= 0 }, "DataSetWriter: negative length in shape \(shape) of '\(name)'")
    self.name = name
    self.shape = shape
    self.elementType = elementType
    self.archive = archive
    let path = archive.path
    let action = "create data set '\(name)'"
    try archive.createParent(of: name)
    let file = archive.raw
    let extents = shape.map { hsize_t($0) }
    let space = try Identifier(action, .cannotWrite, path: path) {
      shape.isEmpty ? H5Screate(H5S_SCALAR) : unsafe H5Screate_simple(Int32(extents.count), extents, nil)
    }
    let properties = try Identifier(action, .cannotWrite, path: path) { H5Pcreate(H5P_DATASET_CREATE) }
    try Library.attempt(action, .cannotWrite, path: path) { H5Pset_obj_track_times(properties.raw, false) }
    // Every element is going to be written: filling first would write all bytes twice.
    try Library.attempt(action, .cannotWrite, path: path) { H5Pset_fill_time(properties.raw, H5D_FILL_TIME_NEVER) }
    if case .chunked(let gzip) = storage, !shape.isEmpty, !shape.contains(0) {
      let chunk = Self.chunkShape(of: shape, elementByteCount: elementType.byteCount).map { hsize_t($0) }
      try Library.attempt(action, .cannotWrite, path: path) { unsafe H5Pset_chunk(properties.raw, Int32(chunk.count), chunk) }
      if let gzip {
        precondition((1...9).contains(gzip), "DataSetWriter: gzip level \(gzip) of '\(name)' is not in 1...9")
        try Library.attempt(action, .cannotWrite, path: path) { H5Pset_deflate(properties.raw, UInt32(gzip)) }
      }
      try Library.attempt(action, .cannotWrite, path: path) { H5Pset_fletcher32(properties.raw) }
    }
    dataSet = try Identifier(action, .cannotWrite, path: path) {
      unsafe H5Dcreate2(file, name, elementType.memoryType, space.raw, H5P_DEFAULT, properties.raw, H5P_DEFAULT)
    }
  }

  /// Writes rows (slices along the first axis), or everything.
  /// - Parameters:
  ///   - buffer: the elements in order of the axes; exactly as many as the rows hold.
  ///   - rows: rows to write; `nil` for all, the only choice for a scalar.
  /// - Throws: `ArchiveError` when writing fails, such as on a full disk.
  /// - Precondition: element type, rows and count match the data set.
  public func write<Element: ArchiveElement>(
    _ buffer: UnsafeBufferPointer<Element>, rows: Range<Int>? = nil
  ) throws(ArchiveError) {
    let rowCount = shape.first ?? 1
    let wanted = rows ?? 0..<rowCount
    precondition(Element.elementType == elementType, "DataSetWriter: \(Element.elementType) written to '\(name)' of \(elementType)")
    precondition(wanted.lowerBound >= 0 && wanted.upperBound <= rowCount, "DataSetWriter: rows \(wanted) of '\(name)' of shape \(shape)")
    let count = wanted.count * shape.dropFirst().reduce(1, *)
    precondition(buffer.count == count, "DataSetWriter: \(buffer.count) elements for rows \(wanted) of '\(name)' of shape \(shape)")
    guard count > 0 else { return }
    let memory = unsafe UnsafeRawPointer(buffer.baseAddress)
    let action = "write data set '\(name)'"
    guard wanted != 0..<rowCount else {
      try Library.attempt(action, .cannotWrite, path: archive.path) {
        unsafe H5Dwrite(dataSet.raw, elementType.memoryType, H5S_ALL, H5S_ALL, H5P_DEFAULT, memory)
      }
      return
    }
    let selection = try RowSelection(wanted, of: dataSet.raw, shape: shape, path: archive.path)
    try Library.attempt(action, .cannotWrite, path: archive.path) {
      unsafe H5Dwrite(
        dataSet.raw, elementType.memoryType, selection.memory.raw, selection.file.raw, H5P_DEFAULT, memory)
    }
  }

  /// The largest chunk of at most 1 MiB that is whole in its last axes.
  static func chunkShape(of shape: [Int], elementByteCount: Int) -> [Int] {
    var remaining = (1 << 20) / elementByteCount
    var chunk = shape
    for axis in shape.indices.reversed() {
      chunk[axis] = min(shape[axis], max(1, remaining))
      remaining /= chunk[axis]
    }
    return chunk
  }
}

extension ArchiveWriter {
  /// Creates a data set at the slash-separated `name`, to be written row by row.
  public func createDataSet<Element: ArchiveElement>(
    _ name: String, of type: Element.Type, shape: [Int], storage: DataSetStorage = .chunked()
  ) throws(ArchiveError) -> DataSetWriter {
    try DataSetWriter(name, in: self, elementType: Element.elementType, shape: shape, storage: storage)
  }

  /// Writes a whole data set.
  /// - Precondition: `values` has as many elements as `shape` says.
  public func write<Element: ArchiveElement>(
    _ name: String, _ values: [Element], shape: [Int], storage: DataSetStorage = .chunked()
  ) throws(ArchiveError) {
    let dataSet = try createDataSet(name, of: Element.self, shape: shape, storage: storage)
    try unsafe values.withUnsafeBufferPointer { buffer throws(ArchiveError) in try unsafe dataSet.write(buffer) }
  }
}
