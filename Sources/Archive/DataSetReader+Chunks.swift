internal import CHDF5

extension DataSetReader {
  /// Offsets in the file of the chunks, in the order of their rows, when the elements can be had with `pread`: not filtered, in this
  /// machine's byte order, each chunk made of whole rows; else, or of very many chunks, `nil`.
  ///
  /// Chunk `k` holds rows from `k * info.chunkRows` on; the last one may be longer than the rows that are left.
  public func directChunkOffsets() throws(ArchiveError) -> [UInt64]? {
    guard case .chunked(let chunk) = info.layout, info.filters.isEmpty, info.hasNativeByteOrder, !chunk.isEmpty,
      chunk.count == info.shape.count, chunk.dropFirst().elementsEqual(info.shape.dropFirst()), chunk[0] > 0
    else { return nil }
    let count = (info.rowCount + chunk[0] - 1) / chunk[0]
    // HDF5 1.10 walks its index anew for each chunk.
    guard count > 0, count <= 8192 else { return nil }
    let byteCount = chunk.reduce(info.elementType.byteCount, *)
    var offsets: [UInt64] = []
    for index in 0..<count {
      var place = [hsize_t](repeating: 0, count: chunk.count)
      place[0] = hsize_t(index * chunk[0])
      var mask: UInt32 = 0
      var address: haddr_t = 0
      var size: hsize_t = 0
      try Library.attempt("find chunk \(index) of data set '\(name)'", .damaged, path: archive.path) {
        unsafe H5Dget_chunk_info_by_coord(dataSet.raw, place, &mask, &address, &size)
      }
      // A chunk that was never written has no place: HDF5 knows what to give instead.
      guard address != HADDR_UNDEF else { return nil }
      guard size == byteCount, address.addingReportingOverflow(haddr_t(size)).partialValue <= UInt64(archive.fileSize) else {
        throw ArchiveError(
          .damaged, "chunk \(index) of data set '\(name)' does not lie within the file: it is damaged or truncated", path: archive.path)
      }
      offsets.append(UInt64(address))
    }
    return offsets
  }
}

extension DataSetReader {
  /// Makes HDF5 read the whole index of the chunks, if the data set has any.
  public func walkChunks() throws(ArchiveError) {
    guard case .chunked = info.layout else { return }
    let space = try Identifier("read the index of data set '\(name)'", .damaged, path: archive.path) { H5Dget_space(dataSet.raw) }
    var count: hsize_t = 0
    try Library.attempt("read the index of data set '\(name)'", .damaged, path: archive.path) {
      unsafe H5Dget_num_chunks(dataSet.raw, space.raw, &count)
    }
  }
}

extension DataSetInfo {
  /// Rows in a chunk; 1 when the elements are not in chunks.
  public var chunkRows: Int {
    if case .chunked(let chunk) = layout, let rows = chunk.first { max(1, rows) } else { 1 }
  }
}
