import Archive
import Foundation
import Testing

@Suite struct DamageTests {
  let directory: TemporaryDirectory
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("file.h5")
  }

  /// The error of `body`, checked to be one line that names the file.
  func failure<Value>(_ body: () throws -> Value) throws -> ArchiveError {
    let error = try #require(throws: ArchiveError.self) { _ = try body() }
    #expect(error.description.hasPrefix(error.path + ": ") && error.path.hasPrefix(directory.path), "\(error)")
    #expect(!error.description.contains("\n") && error.message.count > 15, "\(error)")
    return error
  }

  func write(_ values: [Float], storage: DataSetStorage = .chunked()) throws {
    try writeAtomically(to: path) { writer in
      try unsafe values.withUnsafeBufferPointer {
        try unsafe writer.write("net/weight", shape: [10, values.count / 10], $0, storage: storage)
      }
    }
  }

  @Test func `a missing file and a directory are refused`() throws {
    let missing = try failure { try ArchiveReader(path: path) }
    #expect(missing.code == .cannotOpen && missing.message.contains("No such file or directory"))
    #expect(try failure { try ArchiveReader(path: directory.path) }.message.contains("not a regular file"))
  }

  @Test func `files of other kinds are refused`() throws {
    try ArchiveTests.write([], toFile: path)
    #expect(try failure { try ArchiveReader(path: path) }.code == .notHDF5)
    try ArchiveTests.write(Array("this is no HDF5 file\n".utf8), toFile: path)
    let error = try failure { try ArchiveReader(path: path) }
    #expect(error.code == .notHDF5 && error.message.contains("not an HDF5 file"))
  }

  @Test func `a file truncated anywhere is refused`() throws {
    try write((0..<1000).map { Float($0) })
    let whole = try bytes(ofFile: path)
    for length in stride(from: 1, to: whole.count, by: max(1, whole.count / 41)) {
      try ArchiveTests.write(whole[..<length], toFile: path)
      let error = try failure { try ArchiveReader(path: path) }
      #expect(error.code == (length < 8 ? .notHDF5 : .damaged), "\(length) of \(whole.count) bytes: \(error)")
    }
  }

  @Test func `wrong names, types, shapes and rows are told apart`() throws {
    try write([Float](repeating: 1, count: 20))
    let reader = try ArchiveReader(path: path)
    let missing = try failure { try reader.read("net/bias", as: Float.self) }
    #expect(missing.code == .missing && missing.message == "the file has no 'net/bias'; 'net' has 'weight'")
    #expect(try failure { try reader.read("other/weight", as: Float.self) }.message == "the file has no 'other'; it has 'net'")
    let wrong = try failure { try reader.read("net/weight", as: UInt8.self) }
    #expect(wrong.code == .wrongType && wrong.message.contains("holds float32, expected uint8"))
    #expect(try failure { try reader.read("net", as: Float.self) }.code == .wrongType)
    #expect(try failure { try reader.entries(in: "net/weight") }.code == .wrongType)
    #expect(try failure { try reader.read("net/weight", rows: 5..<11, as: Float.self) }.code == .wrongShape)
    #expect(try failure { try reader.attribute("crc32c", of: "net/weight") as String }.code == .wrongType)
    #expect(try failure { try reader.attribute("name", of: "net/weight") as String }.code == .missing)
    var buffer = [Float](repeating: 0, count: 20)
    let shape = try failure {
      try unsafe buffer.withUnsafeMutableBufferPointer { try unsafe reader.readFloats("net/weight", shape: [20], into: $0) }
    }
    #expect(shape.code == .wrongShape && shape.message.contains("has shape [10, 2], expected [20]"))
  }

  @Test func `tensors come back and damage to them is noticed`() throws {
    let values = (0..<400).map { Float($0) * 0.25 }
    for storage in [DataSetStorage.contiguous, .chunked()] {
      try write(values, storage: storage)
      #expect(try ArchiveReader(path: path).readFloats("net/weight").values == values)
      #expect(try ArchiveReader(path: path).verify() == 1)
      var damaged = try bytes(ofFile: path)
      // 57.25 stands in the file once; its lowest bit is flipped.
      let pattern = unsafe withUnsafeBytes(of: Float(57.25)) { unsafe Array($0) }
      let place = try #require(damaged.indices.dropLast(3).first { Array(damaged[$0..<($0 + 4)]) == pattern })
      damaged[place] ^= 1
      try ArchiveTests.write(damaged, toFile: path)
      let reader = try ArchiveReader(path: path)
      #expect(try failure { try reader.readFloats("net/weight") }.code == .damaged)
      #expect(try failure { try reader.verify() }.code == .damaged)
    }
  }

  @Test func `no single flipped bit passes unnoticed or crashes`() throws {
    let values = (0..<400).map { Float($0) }
    try write(values)
    let whole = try bytes(ofFile: path)
    var noticed = 0
    for index in stride(from: 0, to: whole.count * 8, by: max(1, whole.count * 8 / 700)) {
      var damaged = whole
      damaged[index / 8] ^= 1 << UInt8(index % 8)
      try ArchiveTests.write(damaged, toFile: path)
      do {
        #expect(try ArchiveReader(path: path).readFloats("net/weight").values == values, "bit \(index)")
      } catch {
        noticed += 1
      }
    }
    #expect(noticed > 200)
  }

  @Test func `the cause holds the stack of HDF5`() throws {
    try write([Float](repeating: 1, count: 1000))
    let whole = try bytes(ofFile: path)
    try ArchiveTests.write(whole.dropLast(100), toFile: path)
    let error = try failure { try ArchiveReader(path: path) }
    #expect(error.cause.contains { $0.hasPrefix("H5Fopen: ") } && error.message.contains("truncated"), "\(error) \(error.cause)")
  }

  @Test func `a failed write leaves the old file and nothing else`() throws {
    struct Stop: Error {}
    try write([Float](repeating: 1, count: 20))
    let old = try bytes(ofFile: path)
    #expect(throws: Stop.self) {
      try writeAtomically(to: path) { writer in
        try writer.write("half", [Float(1)], shape: [1])
        #expect(directory.names.contains { $0.hasPrefix(".tmp-") && $0.hasSuffix("-file.h5") })
        throw Stop()
      }
    }
    #expect(try bytes(ofFile: path) == old && directory.names == ["file.h5"])
  }

  @Test func `a file that cannot be created says why`() throws {
    let nowhere = directory.file("missing/file.h5")
    let error = try failure { try writeAtomically(to: nowhere) { _ in } }
    #expect(error.path == nowhere && error.code == .cannotCreate && error.message.contains("No such file or directory"), "\(error)")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    let taken = try failure { try writeAtomically(to: path) { _ in } }
    #expect(taken.message.contains("Is a directory") && directory.names == ["file.h5"], "\(taken)")
  }

  @Test func `a full disk is reported with its reason`() throws {
    // Writes to /dev/full always fail for lack of space; HDF5 truncates on creation, so the device itself is the file.
    let error = try #require(throws: ArchiveError.self) {
      let writer = try ArchiveWriter(creating: "/dev/full")
      try writer.write("values", [Float](repeating: 1, count: 1 << 20), shape: [1 << 20], storage: .contiguous)
      try writer.close()
    }
    #expect(error.path == "/dev/full" && error.message.contains("No space left on device"), "\(error) \(error.cause)")
  }
}
