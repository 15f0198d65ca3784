import Archive
import Testing

@Suite struct RoundTripTests {
  let directory: TemporaryDirectory
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("file.h5")
  }

  func check<Element: ArchiveElement>(_ values: [Element], shape: [Int], _ storage: DataSetStorage) throws {
    try writeAtomically(to: path) { try $0.write("group/values", values, shape: shape, storage: storage) }
    let reader = try ArchiveReader(path: path)
    #expect(try reader.read("group/values", as: Element.self) == values)
    let info = try reader.info("group/values")
    #expect(info.shape == shape && info.elementType == Element.elementType && info.count == values.count)
  }

  @Test(arguments: [DataSetStorage.contiguous, .chunked(), .chunked(gzip: 4)])
  func `every element type comes back as written`(storage: DataSetStorage) throws {
    try check([UInt8.min, 1, 127, 128, 254, .max], shape: [2, 3], storage)
    try check([Int32.min, -1, 0, .max], shape: [4], storage)
    try check([Int64.min, -1, 0, .max], shape: [2, 2, 1], storage)
    try check([-Float.greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0, .infinity], shape: [1, 4], storage)
    try check([Double.pi, -1e308, .leastNonzeroMagnitude], shape: [3], storage)
    try check([Float(1.5)], shape: [], storage)
    try check([Int64](), shape: [0, 3], storage)
  }

  @Test func `attributes of every type come back as written`() throws {
    let long = String(repeating: "options: ä€😀 ", count: 10_000)
    try writeAtomically(to: path) { writer in
      try writer.setAttribute("step", to: Int64.max)
      try writer.setAttribute("rate", to: 2e-4)
      try writer.setAttribute("empty", to: "")
      try writer.setAttribute("name", of: "meta/run", to: "größer € 😀 ")
      try writer.setAttribute("options", of: "meta", to: long)
      try writer.setAttribute("classes", to: ["cat", "", "Straße"])
      try writer.setAttribute("none", to: [String]())
      try writer.setAttribute("sizes", to: [Int64(3), -4])
      try writer.setAttribute("halves", to: [Float(0.5), 1.5])
    }
    let reader = try ArchiveReader(path: path)
    #expect(try reader.attribute("step") as Int64 == .max)
    #expect(try reader.attribute("rate") as Double == 2e-4)
    #expect(try reader.attribute("empty") as String == "")
    #expect(try reader.attribute("name", of: "meta/run") as String == "größer € 😀 ")
    #expect(try reader.attribute("options", of: "meta") as String == long)
    #expect(try reader.attribute("classes") as [String] == ["cat", "", "Straße"])
    #expect(try reader.attribute("none") as [String] == [])
    #expect(try reader.attribute("sizes") as [Int64] == [3, -4])
    #expect(try reader.attribute("halves") as [Float] == [0.5, 1.5])
    #expect(reader.hasAttribute("rate") && !reader.hasAttribute("momentum"))
  }

  @Test(arguments: [DataSetStorage.contiguous, .chunked()]) func `rows are read and written one by one`(storage: DataSetStorage) throws {
    let values = (0..<60).map { Int32($0) }
    try writeAtomically(to: path) { writer in
      let dataSet = try writer.createDataSet("rows", of: Int32.self, shape: [10, 3, 2], storage: storage)
      for row in (0..<10).reversed() {
        let part = Array(values[(row * 6)..<(row * 6 + 6)])
        try unsafe part.withUnsafeBufferPointer { try unsafe dataSet.write($0, rows: row..<(row + 1)) }
      }
    }
    let reader = try ArchiveReader(path: path)
    #expect(try reader.read("rows") == values)
    for rows in [0..<1, 3..<7, 9..<10, 4..<4, 0..<10] {
      #expect(try reader.read("rows", rows: rows) == Array(values[(rows.lowerBound * 6)..<(rows.upperBound * 6)]))
    }
  }

  @Test func `chunks keep below one mebibyte and carry a checksum`() throws {
    let count = 700 * 1000
    let values = (0..<count).map { Float($0) }
    try writeAtomically(to: path) { try $0.write("wide", values, shape: [2, count / 2]) }
    let info = try ArchiveReader(path: path).info("wide")
    #expect(info.filters == ["fletcher32"])
    #expect(info.layout == .chunked([1, 262_144]))
    #expect(info.directOffset == nil)
    #expect(try ArchiveReader(path: path).read("wide") == values)
  }

  @Test func `gzip shrinks what repeats`() throws {
    try writeAtomically(to: path) {
      try $0.write("zeros", [UInt8](repeating: 7, count: 100_000), shape: [100_000], storage: .chunked(gzip: 6))
    }
    let reader = try ArchiveReader(path: path)
    let info = try reader.info("zeros")
    #expect(info.filters == ["deflate", "fletcher32"] && info.storedByteCount < 5000)
    #expect(try reader.read("zeros") == [UInt8](repeating: 7, count: 100_000))
  }

  @Test func `contiguous bytes lie at the offset given`() throws {
    let values = (0..<200).map { UInt8($0) }
    try writeAtomically(to: path) { try $0.write("bytes", values, shape: [20, 10], storage: .contiguous) }
    let offset = try #require(try ArchiveReader(path: path).info("bytes").directOffset)
    #expect(Array(try bytes(ofFile: path)[Int(offset)..<(Int(offset) + 200)]) == values)
  }

  @Test func `narrower numbers widen only where nothing is lost`() throws {
    try writeAtomically(to: path) { writer in
      try writer.write("small", [UInt8(1), 200], shape: [2])
      try writer.write("float", [Float(0.1)], shape: [1])
    }
    let reader = try ArchiveReader(path: path)
    #expect(try reader.read("small", as: Int64.self) == [1, 200])
    #expect(try reader.read("float", as: Double.self) == [Double(Float(0.1))])
    #expect(throws: ArchiveError.self) { try reader.read("small", as: Int32.self) }
    #expect(throws: ArchiveError.self) { try reader.read("float", as: Int64.self) }
  }

  @Test func `groups list their members`() throws {
    try writeAtomically(to: path) { writer in
      try writer.write("networks/generator.weight", [Float(1)], shape: [1])
      try writer.createGroup("networks/empty")
      try writer.createGroup("meta")
    }
    let reader = try ArchiveReader(path: path)
    #expect(try reader.entries().map(\.name) == ["meta", "networks"])
    #expect(try reader.entries(in: "networks").map(\.name) == ["empty", "generator.weight"])
    #expect(try reader.entries(in: "networks").map(\.kind) == [.group, .dataSet])
    #expect(reader.contains("networks/generator.weight") && !reader.contains("networks/critic.weight"))
  }

  @Test func `equal contents give equal files`() throws {
    func make(_ name: String) throws -> [UInt8] {
      try writeAtomically(to: directory.file(name)) { writer in
        try writer.write("a/b/c", (0..<5000).map { Float($0) }, shape: [50, 100])
        try writer.setAttribute("name", of: "a", to: "x")
      }
      return try bytes(ofFile: directory.file(name))
    }
    #expect(try make("first.h5") == make("second.h5"))
  }

  @Test func `readers in many threads agree`() async throws {
    let values = (0..<50_000).map { Float($0) }
    try writeAtomically(to: path) { try $0.write("values", values, shape: [50, 1000]) }
    let reader = try ArchiveReader(path: path)
    let sums = try await withThrowingTaskGroup(of: Float.self) { group in
      for row in 0..<50 {
        group.addTask { try reader.read("values", rows: row..<(row + 1), as: Float.self)[999] }
      }
      return try await group.reduce(into: Float(0)) { $0 += $1 }
    }
    // 999 + 1999 + … + 49999
    #expect(sums == Float(50 * (999 + 49_999) / 2))
  }
}
