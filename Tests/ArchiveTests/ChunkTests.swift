import Archive
import CHDF5
import Testing

@Suite(.serialized) struct ChunkTests {
  let directory: TemporaryDirectory
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("chunks.h5")
    try writeAtomically(to: path) { try $0.write("others", [UInt8(1)], shape: [1], storage: .contiguous) }
  }

  /// Writes rows of three bytes in chunks of four rows, by HDF5 directly.
  func write(rows: Int, chunk: [hsize_t] = [4, 3], filter: Bool = false, isWritten: Bool = true) {
    let file = unsafe chdf5_own(H5Fopen(path, CHDF5.H5F_ACC_RDONLY | 1, H5P_DEFAULT))
    let properties = H5Pcreate(H5P_DATASET_CREATE)
    #expect(unsafe H5Pset_chunk(properties, 2, chunk) >= 0)
    if filter { #expect(H5Pset_shuffle(properties) >= 0) }
    let space = unsafe H5Screate_simple(2, [hsize_t(rows), 3], nil)
    let set = unsafe H5Dcreate2(file, "rows", H5T_NATIVE_UINT8, space, H5P_DEFAULT, properties, H5P_DEFAULT)
    let values = (0..<(rows * 3)).map { UInt8(truncatingIfNeeded: $0 * 7) }
    if isWritten { #expect(unsafe H5Dwrite(set, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0) }
    #expect([H5Dclose(set), H5Sclose(space), H5Pclose(properties), H5Fclose(file)].allSatisfy { $0 >= 0 })
  }

  /// Writes two chunks of four rows of three bytes as they are given, past a filter that only changes the order of bytes.
  func writeStored(_ second: [UInt8], checksum: Bool = false) {
    let file = unsafe chdf5_own(H5Fopen(path, CHDF5.H5F_ACC_RDONLY | 1, H5P_DEFAULT))
    let properties = H5Pcreate(H5P_DATASET_CREATE)
    #expect(unsafe H5Pset_chunk(properties, 2, [4, 3]) >= 0)
    #expect(H5Pset_shuffle(properties) >= 0 && (!checksum || H5Pset_fletcher32(properties) >= 0))
    let space = unsafe H5Screate_simple(2, [8, 3], nil)
    let set = unsafe H5Dcreate2(file, "rows", H5T_NATIVE_UINT8, space, H5P_DEFAULT, properties, H5P_DEFAULT)
    #expect(unsafe H5Dwrite_chunk(set, H5P_DEFAULT, 0, [4, 0], second.count, second) >= 0)
    #expect([H5Dclose(set), H5Sclose(space), H5Pclose(properties), H5Fclose(file)].allSatisfy { $0 >= 0 })
  }

  @Test(arguments: [1, 11, 13, 100])
  func `a chunk of another size than it should have is refused, wherever it is touched`(size: Int) throws {
    writeStored([UInt8](repeating: 7, count: size))
    let reader = try ArchiveReader(path: path).dataSet("rows")
    #expect(try reader.read(rows: 0..<4) == [UInt8](repeating: 0, count: 12))
    for rows in [4..<5, 7..<8, 2..<6, 0..<8] {
      let error = #expect(throws: ArchiveError.self) { try reader.read(rows: rows, as: UInt8.self) }
      #expect(error?.code == .damaged && error?.message.contains("chunk at [4, 0]") == true && error?.path == path, "\(rows)")
    }
    #expect(throws: ArchiveError.self) { try reader.read(as: UInt8.self) }
  }

  @Test func `a chunk of the right size is read`() throws {
    writeStored((1...12).map { UInt8($0) })
    #expect(try ArchiveReader(path: path).read("rows", rows: 5..<7) == (4...9).map { UInt8($0) })
  }

  @Test func `a chunk that lacks its checksum is refused`() throws {
    writeStored([UInt8](repeating: 0, count: 12), checksum: true)
    let error = #expect(throws: ArchiveError.self) { try ArchiveReader(path: path).read("rows", as: UInt8.self) }
    #expect(error?.message.contains("12 bytes instead of 16") == true)
  }

  @Test func `chunks at the edge that are stored without filters are read`() throws {
    let access = H5Pcreate(H5P_FILE_ACCESS)
    #expect(H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0)
    let file = unsafe chdf5_own(H5Fopen(path, CHDF5.H5F_ACC_RDONLY | 1, access))
    let properties = H5Pcreate(H5P_DATASET_CREATE)
    #expect(unsafe H5Pset_chunk(properties, 2, [4, 2]) >= 0 && H5Pset_deflate(properties, 6) >= 0)
    #expect(H5Pset_chunk_opts(properties, UInt32(H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS)) >= 0)
    let space = unsafe H5Screate_simple(2, [6, 3], nil)
    let set = unsafe H5Dcreate2(file, "rows", H5T_NATIVE_UINT8, space, H5P_DEFAULT, properties, H5P_DEFAULT)
    let values = (0..<18).map { UInt8($0) }
    #expect(unsafe H5Dwrite(set, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0)
    #expect([H5Dclose(set), H5Sclose(space), H5Pclose(properties), H5Fclose(file), H5Pclose(access)].allSatisfy { $0 >= 0 })
    #expect(try ArchiveReader(path: path).read("rows") == values)
    #expect(try ArchiveReader(path: path).read("rows", rows: 3..<5) == Array(values[9..<15]))
  }

  @Test(arguments: [4, 7, 11, 16])
  func `chunks lie where they are said to`(rows: Int) throws {
    write(rows: rows)
    let reader = try ArchiveReader(path: path).dataSet("rows")
    let offsets = try #require(try reader.directChunkOffsets())
    #expect(offsets.count == (rows + 3) / 4 && reader.info.chunkRows == 4)
    let file = try bytes(ofFile: path)
    let values: [UInt8] = try reader.read()
    for row in 0..<rows {
      let place = Int(offsets[row / 4]) + row % 4 * 3
      #expect(Array(file[place..<(place + 3)]) == Array(values[(row * 3)..<(row * 3 + 3)]))
    }
  }

  @Test func `chunks that plain reading cannot serve are left to HDF5`() throws {
    write(rows: 8, filter: true)
    #expect(try ArchiveReader(path: path).dataSet("rows").directChunkOffsets() == nil)
  }

  @Test func `chunks that cut rows are left to HDF5`() throws {
    write(rows: 8, chunk: [4, 2])
    #expect(try ArchiveReader(path: path).dataSet("rows").directChunkOffsets() == nil)
  }

  @Test func `chunks that were never written are left to HDF5`() throws {
    write(rows: 8, isWritten: false)
    let reader = try ArchiveReader(path: path).dataSet("rows")
    #expect(try reader.directChunkOffsets() == nil)
    #expect(try reader.read() == [UInt8](repeating: 0, count: 24))
  }

  @Test func `the names of many classes fit into an attribute`() throws {
    let names = (0..<3000).map { "class \($0) " + String(repeating: "x", count: 90) }
    try writeAtomically(to: path) { try $0.setAttribute("classes", to: names) }
    #expect(try ArchiveReader(path: path).attribute("classes") as [String] == names)
  }
}
