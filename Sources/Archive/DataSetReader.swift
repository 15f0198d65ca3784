import CHDF5

/// One data set of a file, open for reading; keeps the file open.
public final class DataSetReader: Sendable {
  /// Name of the data set in its file.
  public let name: String
  /// Shape, type and layout.
  public let info: DataSetInfo
  let archive: ArchiveReader
  let dataSet: Identifier
  private let check: ChunkCheck?

  fileprivate init(_ name: String, in archive: ArchiveReader) throws(ArchiveError) {
    self.name = name
    self.archive = archive
    let opened = try archive.open(name, as: H5I_DATASET)
    info = try DataSetInfo(of: opened.raw, named: name, path: archive.path, fileSize: archive.fileSize)
    check = try ChunkCheck(of: opened, info, named: name, in: archive)
    dataSet = try Self.reopened(opened, info, name, in: archive)
  }

  /// The data set with room for two of its chunks, so that rows read in order decompress each chunk once. HDF5's own room is 1 MiB,
  /// less than the chunks of image sets.
  private static func reopened(
    _ opened: consuming Identifier, _ info: DataSetInfo, _ name: String, in archive: ArchiveReader
  ) throws(ArchiveError) -> Identifier {
    guard case .chunked(let chunk) = info.layout, !info.filters.isEmpty else { return opened }
    let byteCount = chunk.reduce(Double(info.elementType.byteCount)) { $0 * Double($1) }
    guard byteCount > Double(1 << 20), byteCount <= Double(largestChunkCache) else { return opened }
    let action = "open data set '\(name)'"
    let properties = try Identifier(action, .damaged, path: archive.path) { H5Pcreate(H5P_DATASET_ACCESS) }
    try Library.attempt(action, .damaged, path: archive.path) { H5Pset_chunk_cache(properties.raw, 521, 2 * Int(byteCount), 1) }
    // As long as it is open, HDF5 gives the same data set again, with the room it has.
    try opened.close(action, .damaged, path: archive.path)
    return try Identifier(action, .damaged, path: archive.path) { unsafe H5Dopen2(archive.file.raw, name, properties.raw) }
  }

  private static let largestChunkCache = 512 << 20

  /// Reads rows (slices along the first axis) into `buffer`.
  /// - Parameters:
  ///   - rows: rows to read; `nil` for all, the only choice for a scalar.
  ///   - buffer: filled from its start; must hold exactly the elements read.
  /// - Throws: `ArchiveError` when the type differs (`Int64` reads narrower integers, `Float` and `Double` the next narrower type), when rows or buffer do
  ///   not fit the shape, or when the stored bytes are damaged.
  public func read<Element: ArchiveElement>(
    rows: Range<Int>? = nil, into buffer: UnsafeMutableBufferPointer<Element>
  ) throws(ArchiveError) {
    let count = try elementCount(rows: rows, as: Element.self)
    guard buffer.count == count else {
      throw ArchiveError(
        .wrongShape, "data set '\(name)' of shape \(info.shape) gives \(count) elements, room was made for \(buffer.count)",
        path: archive.path)
    }
    guard count > 0 else { return }
    try check?.measure(rows ?? 0..<info.rowCount, of: dataSet.raw)
    let memory = UnsafeMutableRawPointer(buffer.baseAddress)
    guard let rows else {
      try Library.attempt("read data set '\(name)'", .damaged, path: archive.path) {
        unsafe H5Dread(dataSet.raw, Element.elementType.memoryType, H5S_ALL, H5S_ALL, H5P_DEFAULT, memory)
      }
      return
    }
    let selection = try RowSelection(rows, of: dataSet.raw, shape: info.shape, path: archive.path)
    try Library.attempt("read rows \(rows) of data set '\(name)'", .damaged, path: archive.path) {
      unsafe H5Dread(
        dataSet.raw, Element.elementType.memoryType, selection.memory.raw, selection.file.raw, H5P_DEFAULT, memory)
    }
  }

  /// Reads rows (slices along the first axis), or everything, as an array in the order of the file.
  /// - Throws: `ArchiveError` as `read(rows:into:)` does.
  public func read<Element: ArchiveElement>(
    rows: Range<Int>? = nil, as type: Element.Type = Element.self
  ) throws(ArchiveError) -> [Element] {
    var elements = [Element](repeating: 0, count: try elementCount(rows: rows, as: Element.self))
    try unsafe elements.withUnsafeMutableBufferPointer { buffer throws(ArchiveError) in
      try unsafe read(rows: rows, into: buffer)
    }
    return elements
  }

  /// Checks type and rows; the number of elements to be read.
  private func elementCount<Element: ArchiveElement>(rows: Range<Int>?, as type: Element.Type) throws(ArchiveError) -> Int {
    guard Element.elementType.holds(info.elementType) else {
      throw ArchiveError(
        .wrongType, "data set '\(name)' holds \(info.elementType), expected \(Element.elementType)", path: archive.path)
    }
    guard let rows else { return info.count }
    guard rows.lowerBound >= 0, rows.upperBound <= info.rowCount else {
      throw ArchiveError(.wrongShape, "data set '\(name)' has \(info.rowCount) rows, asked for \(rows)", path: archive.path)
    }
    return rows.count * info.rowLength
  }
}

extension ArchiveReader {
  /// Opens the data set at the slash-separated `name`.
  /// - Throws: `ArchiveError` when it is missing, not a data set, damaged, or stored in a way that is refused.
  public func dataSet(_ name: String) throws(ArchiveError) -> DataSetReader {
    try DataSetReader(name, in: self)
  }

  /// Shape, type and layout of the data set at `name`.
  public func info(_ name: String) throws(ArchiveError) -> DataSetInfo {
    try dataSet(name).info
  }

  /// Reads rows of the data set at `name`, or everything, as an array in the order of the file.
  public func read<Element: ArchiveElement>(
    _ name: String, rows: Range<Int>? = nil, as type: Element.Type = Element.self
  ) throws(ArchiveError) -> [Element] {
    try dataSet(name).read(rows: rows, as: type)
  }
}
