import CHDF5

/// What a file says about one data set.
public struct DataSetInfo: Sendable, Equatable {
  /// How the elements lie in the file.
  public enum Layout: Sendable, Equatable {
    /// In the object's header.
    case compact
    /// In one run of bytes that starts at `offset` in the file; `nil` when nothing was ever written.
    case contiguous(offset: UInt64?)
    /// In chunks of this shape.
    case chunked([Int])
  }

  /// Lengths of the axes; empty for a scalar.
  public let shape: [Int]
  /// Type of the elements.
  public let elementType: ElementType
  /// How the elements lie in the file.
  public let layout: Layout
  /// Names of the filters, in the order of writing (`deflate`, `fletcher32`, …).
  public let filters: [String]
  /// Their numbers in HDF5's registry.
  let filterNumbers: [H5Z_filter_t]
  /// Bytes the elements take in the file.
  public let storedByteCount: Int
  /// Whether multi-byte elements have this machine's byte order.
  public let hasNativeByteOrder: Bool

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }
  /// Bytes of all elements in memory.
  public var byteCount: Int { count * elementType.byteCount }
  /// Number of rows (slices along the first axis); 1 for a scalar.
  public var rowCount: Int { shape.first ?? 1 }
  /// Elements in one row.
  public var rowLength: Int { shape.dropFirst().reduce(1, *) }

  /// Offset in the file from which the elements can be had with `pread`, or `nil` when they need HDF5.
  public var directOffset: UInt64? {
    guard case .contiguous(let offset?) = layout, filters.isEmpty, hasNativeByteOrder, storedByteCount == byteCount else { return nil }
    return offset
  }
}

extension DataSetInfo {
  /// Reads the description of the open data set `dataSet`, and refuses what is not read for safety.
  /// - Parameters:
  ///   - name: name of the data set, for messages.
  ///   - fileSize: length of the file in bytes, which bounds what a shape may claim.
  init(of dataSet: hid_t, named name: String, path: String, fileSize: Int) throws(ArchiveError) {
    let properties = try Identifier("read the layout of data set '\(name)'", .damaged, path: path) { H5Dget_create_plist(dataSet) }
    let layoutNumber = try Library.attempt("read the layout of data set '\(name)'", .damaged, path: path) {
      Int(H5Pget_layout(properties.raw).rawValue)
    }
    guard layoutNumber != Int(H5D_VIRTUAL.rawValue), Library.perform({ H5Pget_external_count(properties.raw) }) == 0 else {
      throw ArchiveError(
        .refused, "data set '\(name)' keeps its elements in other files, which is not followed; copy it with h5repack first", path: path)
    }
    let filters = try Self.filters(of: properties.raw, named: name, path: path)
    self.filters = filters.map(\.name)
    filterNumbers = filters.map(\.number)
    shape = try Self.shape(of: dataSet, named: name, path: path)
    let datatype = try Identifier("read the type of data set '\(name)'", .damaged, path: path) { H5Dget_type(dataSet) }
    (elementType, hasNativeByteOrder) = Library.perform {
      let type = ElementType(datatype: datatype.raw)
      guard type.byteCount > 1 else { return (type, true) }
      return (type, H5Tget_order(datatype.raw) == H5Tget_order(type.memoryType))
    }
    storedByteCount = Int(clamping: Library.perform { H5Dget_storage_size(dataSet) })
    switch layoutNumber {
    case Int(H5D_COMPACT.rawValue): layout = .compact
    case Int(H5D_CONTIGUOUS.rawValue):
      let offset = Library.perform { H5Dget_offset(dataSet) }
      layout = .contiguous(offset: offset == HADDR_UNDEF ? nil : UInt64(offset))
    default:
      var extents = [hsize_t](repeating: 0, count: shape.count)
      let rank = Int32(shape.count)
      try Library.attempt("read the chunks of data set '\(name)'", .damaged, path: path) {
        unsafe H5Pget_chunk(properties.raw, rank, &extents)
      }
      layout = .chunked(extents.map { Int(clamping: $0) })
    }
    // Deflate shrinks at most 1032 to 1: a shape that claims more is damage, found before memory is asked for.
    let claimed = shape.reduce(Double(max(1, elementType.byteCount))) { $0 * Double($1) }
    guard claimed <= 1100 * Double(fileSize) else {
      throw ArchiveError(
        .damaged, "data set '\(name)' of shape \(shape) claims \(Int(claimed / 1e6)) MB, the file has \(fileSize) bytes: it is damaged",
        path: path)
    }
    if case .contiguous(let offset?) = layout, offset.addingReportingOverflow(UInt64(storedByteCount)).partialValue > UInt64(fileSize) {
      throw ArchiveError(.damaged, "data set '\(name)' ends beyond the end of the file: it is truncated", path: path)
    }
  }

  private static func shape(of dataSet: hid_t, named name: String, path: String) throws(ArchiveError) -> [Int] {
    let space = try Identifier("read the shape of data set '\(name)'", .damaged, path: path) { H5Dget_space(dataSet) }
    let rank = try Library.attempt("read the shape of data set '\(name)'", .damaged, path: path) { H5Sget_simple_extent_ndims(space.raw) }
    guard Library.perform({ H5Sget_simple_extent_type(space.raw) }) != H5S_NULL else { return [0] }
    guard rank <= 8 else { throw ArchiveError(.refused, "data set '\(name)' has \(rank) axes, at most 8 are read", path: path) }
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    try Library.attempt("read the shape of data set '\(name)'", .damaged, path: path) {
      unsafe H5Sget_simple_extent_dims(space.raw, &extents, nil)
    }
    return extents.map { Int(clamping: $0) }
  }

  private static func filters(
    of properties: hid_t, named name: String, path: String
  ) throws(ArchiveError) -> [(name: String, number: H5Z_filter_t)] {
    let count = try Library.attempt("read the filters of data set '\(name)'", .damaged, path: path) { H5Pget_nfilters(properties) }
    var found: [(name: String, number: H5Z_filter_t)] = []
    for index in 0..<UInt32(count) {
      var buffer = [CChar](repeating: 0, count: 64)
      var elements = 0
      var flags: UInt32 = 0
      var configuration: UInt32 = 0
      let filter = try Library.attempt("read the filters of data set '\(name)'", .damaged, path: path) {
        unsafe H5Pget_filter2(properties, index, &flags, &elements, nil, buffer.count, &buffer, &configuration)
      }
      let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      // HDF5's decoders of other filters take sizes in the file on trust.
      guard [H5Z_FILTER_DEFLATE, H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32, LZF.filterNumber].contains(filter),
        Library.perform({ H5Zfilter_avail(filter) }) > 0
      else {
        throw ArchiveError(
          .refused,
          "data set '\(name)' is compressed with filter \(filter)\(text.isEmpty ? "" : " (\(text))"), which is not read;"
            + " rewrite the file without it (h5repack -f NONE)", path: path)
      }
      found.append((text.isEmpty ? "filter \(filter)" : text, filter))
    }
    return found
  }
}
