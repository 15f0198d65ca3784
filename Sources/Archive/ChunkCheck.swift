internal import CHDF5
internal import Synchronization

/// Holds the stored chunks of a data set against the size they should have once they are decoded, each before HDF5 decodes it.
///
/// HDF5 takes that size on trust: of a chunk that is shorter, what lies behind it in memory would be handed out as data, and one that is
/// longer would fill the memory.
final class ChunkCheck: Sendable {
  private let name: String
  private let path: String
  private let fileSize: Int
  private let filters: [H5Z_filter_t]
  private let chunk: [Int]
  private let shape: [Int]
  /// Number of chunks along each axis.
  private let grid: [Int]
  /// Whether chunks that reach beyond the shape are stored without filters.
  private let leavesEdges: Bool
  /// Bytes of a decoded chunk.
  private let byteCount: Int
  /// Whether the chunks of each row of the grid have been measured.
  private let measured: Mutex<[Bool]>

  /// The check of an open data set; nil where nothing is to be measured: no chunks, or chunks as they are in memory.
  /// - Throws: `ArchiveError` when filters follow one another as no writer lets them, or unfiltered chunks have the wrong size.
  init?(of dataSet: borrowing Identifier, _ info: DataSetInfo, named name: String, in archive: ArchiveReader) throws(ArchiveError) {
    guard case .chunked(let chunk) = info.layout, chunk.count == info.shape.count, !info.shape.contains(0), !chunk.contains(0) else {
      return nil
    }
    let size = chunk.reduce(Double(info.elementType.byteCount)) { $0 * Double($1) }
    // Types that are not read.
    if size == 0 { return nil }
    // HDF5 itself allows no larger chunks.
    guard size < Double(UInt32.max) else {
      throw ArchiveError(.damaged, "data set '\(name)' states chunks of shape \(chunk): it is damaged", path: archive.path)
    }
    byteCount = Int(size)
    self.name = name
    self.chunk = chunk
    path = archive.path
    fileSize = archive.fileSize
    filters = info.filterNumbers
    shape = info.shape
    let properties = try Identifier("read the layout of data set '\(name)'", .damaged, path: archive.path) {
      H5Dget_create_plist(dataSet.raw)
    }
    var options: UInt32 = 0
    try Library.attempt("read the layout of data set '\(name)'", .damaged, path: archive.path) {
      unsafe H5Pget_chunk_opts(properties.raw, &options)
    }
    leavesEdges = options & UInt32(H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) != 0
    grid = zip(info.shape, chunk).map { ($0 + $1 - 1) / $1 }
    measured = Mutex([Bool](repeating: false, count: grid[0]))
    guard !filters.isEmpty else {
      try Self.checkSum(dataSet.raw, info, byteCount, name, archive)
      return nil
    }
    // What a checksum follows can be measured; what is shuffled or compressed once more cannot, and nobody writes such.
    let outer = filters.firstIndex(where: Self.compresses).map { filters[($0 + 1)...] } ?? []
    guard outer.allSatisfy({ $0 == H5Z_FILTER_FLETCHER32 }) else {
      throw ArchiveError(
        .refused,
        "data set '\(name)' has the filters \(info.filters.joined(separator: ", ")) in an order that is not read; rewrite the file without"
          + " them (h5repack -f NONE)", path: archive.path)
    }
  }

  private static func compresses(_ filter: H5Z_filter_t) -> Bool { filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32 }

  /// The chunks' sizes in the index, added: looking at each would walk the index anew for each in HDF5 1.10.
  private static func checkSum(
    _ dataSet: hid_t, _ info: DataSetInfo, _ byteCount: Int, _ name: String, _ archive: ArchiveReader
  ) throws(ArchiveError) {
    let space = try Identifier("read the index of data set '\(name)'", .damaged, path: archive.path) { H5Dget_space(dataSet) }
    var count: hsize_t = 0
    try Library.attempt("read the index of data set '\(name)'", .damaged, path: archive.path) {
      unsafe H5Dget_num_chunks(dataSet, space.raw, &count)
    }
    guard Double(count) * Double(byteCount) == Double(info.storedByteCount) else {
      throw ArchiveError(
        .damaged,
        "data set '\(name)' has \(count) chunks of \(byteCount) bytes, but \(info.storedByteCount) bytes are stored: it is damaged",
        path: archive.path)
    }
  }

  /// Measures the chunks that hold `rows`, unless that was done before.
  /// - Throws: `ArchiveError` that names the first chunk that is damaged.
  func measure(_ rows: Range<Int>, of dataSet: hid_t) throws(ArchiveError) {
    guard !rows.isEmpty else { return }
    for row in (rows.lowerBound / chunk[0])...((rows.upperBound - 1) / chunk[0]) where !measured.withLock({ $0[row] }) {
      var place = [row] + [Int](repeating: 0, count: grid.count - 1)
      repeat { try measure(place, of: dataSet) } while advance(&place)
      measured.withLock { $0[row] = true }
    }
  }

  /// Goes to the next chunk of a row of the grid, the last axis running fastest; false at the end.
  private func advance(_ place: inout [Int]) -> Bool {
    for axis in place.indices.dropFirst().reversed() {
      place[axis] += 1
      if place[axis] < grid[axis] { return true }
      place[axis] = 0
    }
    return false
  }

  private func measure(_ place: [Int], of dataSet: hid_t) throws(ArchiveError) {
    let corner = zip(place, chunk).map { hsize_t($0 * $1) }
    let action = "read the chunk at \(corner) of data set '\(name)'"
    var size: hsize_t = 0
    do {
      try Library.attempt(action, .damaged, path: path) { unsafe H5Dget_chunk_storage_size(dataSet, corner, &size) }
    } catch {
      // A chunk that was never written: HDF5 knows what to give instead, and newer ones say that it has no bytes.
      guard error.cause.contains(where: { $0.contains("not allocated") }) else { throw error }
    }
    guard size > 0 else { return }
    guard size <= fileSize, size <= UInt32.max else {
      throw ArchiveError(.damaged, "cannot \(action): its \(size) bytes are more than the file has", path: path)
    }
    var mask: UInt32 = 0
    var bytes = [UInt8](repeating: 0, count: Int(size))
    // Sound: HDF5 writes as many bytes as it has just stated.
    try Library.attempt(action, .damaged, path: path) { unsafe H5Dread_chunk(dataSet, H5P_DEFAULT, corner, &mask, &bytes) }
    if leavesEdges, zip(corner, zip(chunk, shape)).contains(where: { Int($0) + $1.0 > $1.1 }) { mask = .max }
    if let reason = unsafe bytes.withUnsafeBytes({ unsafe fault(in: $0, skipping: mask) }) {
      throw ArchiveError(.damaged, "cannot \(action): \(reason), so the file is damaged; get it anew", path: path)
    }
  }

  /// What is wrong with the size of a stored chunk; nil when it is right.
  /// - Parameter mask: a bit for each filter that the chunk was not sent through.
  private func fault(in stored: UnsafeRawBufferPointer, skipping mask: UInt32) -> String? {
    let used = filters.indices.filter { mask >> UInt32($0) & 1 == 0 }.map { filters[$0] }
    func checksums(_ part: ArraySlice<H5Z_filter_t>) -> Int { 4 * part.count { $0 == H5Z_FILTER_FLETCHER32 } }
    guard let place = used.firstIndex(where: Self.compresses) else {
      let expected = byteCount + checksums(used[...])
      return stored.count == expected ? nil : "it has \(stored.count) bytes instead of \(expected)"
    }
    let size = stored.count - checksums(used[(place + 1)...])
    guard size > 0 else { return "it has \(stored.count) bytes" }
    let source = unsafe UnsafeRawBufferPointer(rebasing: stored[..<size])
    let expected = byteCount + checksums(used[..<place])
    if used[place] == H5Z_FILTER_DEFLATE {
      let result = unsafe Inflate.measure(source, limit: expected)
      if let failure = result.failure { return failure }
      if result.count == expected && result.isComplete { return nil }
      return "it is decompressed to \(result.count > expected ? "more than \(expected)" : "\(result.count)") bytes instead of \(expected)"
    }
    let decoded = unsafe withUnsafeTemporaryAllocation(byteCount: expected, alignment: 1) { unsafe LZF.decode(source, into: $0) }
    return decoded == expected ? nil : "it is not decompressed to \(expected) bytes"
  }
}
