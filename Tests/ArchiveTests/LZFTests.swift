import CHDF5
import Testing

@testable import Archive

@Suite struct LZFTests {
  func decode(_ block: [UInt8], room: Int) -> [UInt8]? {
    var target = [UInt8](repeating: 0xEE, count: room + 8)
    let count = unsafe block.withUnsafeBytes { source in
      unsafe target.withUnsafeMutableBytes { target in
        unsafe LZF.decode(source, into: UnsafeMutableRawBufferPointer(rebasing: target[..<room]))
      }
    }
    #expect(target.suffix(8).allSatisfy { $0 == 0xEE }, "bytes beyond the room were written")
    return count.map { Array(target[..<$0]) }
  }

  /// Greedy, slow and plain: the last place within 8 KiB where the longest run of at least three bytes came before.
  func encode(_ bytes: [UInt8]) -> [UInt8] {
    var (block, literals): ([UInt8], [UInt8]) = ([], [])
    func flush() {
      for start in stride(from: 0, to: literals.count, by: 32) {
        let part = literals[start..<min(literals.count, start + 32)]
        block += [UInt8(part.count - 1)] + part
      }
      literals = []
    }
    var place = 0
    while place < bytes.count {
      var (best, distance) = (0, 0)
      for start in max(0, place - 8192)..<place {
        var length = 0
        while length < 264, place + length < bytes.count, bytes[start + length] == bytes[place + length] { length += 1 }
        if length >= best { (best, distance) = (length, place - start - 1) }
      }
      guard best >= 3 else {
        literals.append(bytes[place])
        place += 1
        continue
      }
      flush()
      let high = UInt8(distance >> 8)
      block += best < 9 ? [UInt8((best - 2) << 5) | high] : [7 << 5 | high, UInt8(best - 9)]
      block.append(UInt8(distance & 255))
      place += best
    }
    flush()
    return block
  }

  @Test func `literal bytes and repeats are decoded`() {
    #expect(decode([2, 65, 66, 67], room: 3) == [65, 66, 67])
    #expect(decode([0, 65, 1 << 5, 0], room: 4) == [65, 65, 65, 65])
    #expect(decode([1, 65, 66, 7 << 5, 1, 1], room: 12) == [65, 66, 65, 66, 65, 66, 65, 66, 65, 66, 65, 66])
  }

  @Test func `damaged blocks and blocks too long for the room are refused`() {
    for block: [UInt8] in [[2, 65, 66], [0, 65, 1 << 5], [0, 65, 7 << 5], [0, 65, 7 << 5, 0], [0, 65, 1 << 5, 1], [1 << 5, 0]] {
      #expect(decode(block, room: 100) == nil, "\(block)")
    }
    #expect(decode([2, 65, 66, 67], room: 2) == nil)
    #expect(decode([0, 65, 1 << 5, 0], room: 3) == nil)
  }

  @Test func `what an encoder wrote comes back`() {
    var state: UInt32 = 7
    for values: UInt32 in [1, 2, 4, 256] {
      let bytes = (0..<3000).map { _ -> UInt8 in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: (state >> 16) % values)
      }
      let block = encode(bytes)
      #expect(decode(block, room: bytes.count) == bytes)
      for length in stride(from: 0, to: block.count, by: 13) { _ = decode(Array(block[..<length]), room: bytes.count) }
    }
  }
}

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
    let file = unsafe H5Fopen(path, CHDF5.H5F_ACC_RDONLY | 1, H5P_DEFAULT)
    let properties = H5Pcreate(H5P_DATASET_CREATE)
    #expect(unsafe H5Pset_chunk(properties, 2, chunk) >= 0)
    if filter { #expect(H5Pset_shuffle(properties) >= 0) }
    let space = unsafe H5Screate_simple(2, [hsize_t(rows), 3], nil)
    let set = unsafe H5Dcreate2(file, "rows", H5T_NATIVE_UINT8, space, H5P_DEFAULT, properties, H5P_DEFAULT)
    let values = (0..<(rows * 3)).map { UInt8(truncatingIfNeeded: $0 * 7) }
    if isWritten { #expect(unsafe H5Dwrite(set, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0) }
    #expect([H5Dclose(set), H5Sclose(space), H5Pclose(properties), H5Fclose(file)].allSatisfy { $0 >= 0 })
  }

  @Test(arguments: [1, 4, 11, 16])
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
