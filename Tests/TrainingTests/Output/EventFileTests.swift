import Foundation
import Testing

@testable import Training

@Suite struct EventFileTests {
  let directory = FileManager.default.temporaryDirectory.appendingPathComponent("dist-gan-events-\(UUID().uuidString)").path

  init() throws { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) }

  private func remove() { try? FileManager.default.removeItem(atPath: directory) }

  /// The data of whole records, read as TensorFlow's readers do: up to the first one that is cut short or damaged.
  private func records(at path: String) throws -> [[UInt8]] {
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    var (result, offset): ([[UInt8]], Int) = ([], 0)
    func number(_ at: Int, _ count: Int) -> Int { bytes[at..<at + count].reversed().reduce(0) { $0 << 8 | Int($1) } }
    while offset + 12 <= bytes.count {
      let length = number(offset, 8)
      guard number(offset + 8, 4) == Int(RecordFile.maskedCheck(Array(bytes[offset..<offset + 8]))) else { break }
      guard offset + 16 + length <= bytes.count else { break }
      let data = Array(bytes[offset + 12..<offset + 12 + length])
      guard number(offset + 12 + length, 4) == Int(RecordFile.maskedCheck(data)) else { break }
      result.append(data)
      offset += 16 + length
    }
    return result
  }

  /// Vectors made by hand from the encoding's own document: 150 in field 1, "testing" in field 2.
  @Test func `fields are encoded as the protocol buffers document shows`() {
    var message = ProtobufMessage()
    message.add(1, 150)
    message.add(2, "testing")
    #expect(message.bytes == [0x08, 0x96, 0x01, 0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67])
    var numbers = ProtobufMessage()
    numbers.add(3, Float(1))
    numbers.add(4, 1.0)
    numbers.add(20, -1)
    numbers.add(5) { $0.add(1, 0) }
    let minusOne = [UInt8](repeating: 0xFF, count: 9) + [0x01]
    #expect(numbers.bytes == [0x1D, 0, 0, 0x80, 0x3F, 0x21, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0xA0, 0x01] + minusOne + [0x2A, 2, 8, 0])
  }

  /// The first record of every file that TensorFlow writes is 24 bytes long and begins so; the check of "123456789" is 0xE3069283.
  @Test func `records are framed as TensorFlow frames them`() {
    #expect(RecordFile.maskedCheck(Array("123456789".utf8)) == 0xC78A_B0E5)
    let data = [UInt8](repeating: 0, count: 24)
    let record = RecordFile.framed(data)
    #expect(record.count == 24 + 16)
    #expect(Array(record[..<12]) == [0x18, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22])
  }

  @Test func `a file cut at any byte keeps the records before the cut`() throws {
    defer { remove() }
    let file = try EventFile(directory: directory, host: "a", after: 0)
    var ends: [Int] = []
    for step in 1...3 {
      try file.write(scalars: [("loss", Float(step))], step: step)
      ends.append(try Data(contentsOf: URL(fileURLWithPath: file.path)).count)
    }
    let whole = try Data(contentsOf: URL(fileURLWithPath: file.path))
    for count in ends[0]...ends[2] {
      let cut = "\(directory)/cut"
      try whole.prefix(count).write(to: URL(fileURLWithPath: cut))
      #expect(try records(at: cut).count == 1 + ends.count { $0 <= count })
    }
  }

  @Test func `a run that goes on has a later file that voids what it does again`() throws {
    defer { remove() }
    let first = try EventFile(directory: directory, host: "a", after: 0, now: { 1000 })
    // The clock was set back meanwhile, and the host is another one.
    let second = try EventFile(directory: directory, host: "b/c", after: 7, now: { 500 })
    #expect(first.path.hasSuffix("/events.out.tfevents.1000.a"))
    #expect(second.path.hasSuffix("/events.out.tfevents.1001.b-c"))
    var start = ProtobufMessage()
    start.add(1, 500.0)
    start.add(2, 8)
    start.add(7) { $0.add(1, 1) }
    #expect(try records(at: first.path).count == 1)
    #expect(try records(at: second.path).last == start.bytes)
  }

  @Test func `a directory that cannot be written is named`() throws {
    defer { remove() }
    let error = try #require(throws: LogError.self) { try EventFile(directory: "/proc/none", host: "a", after: 0) }
    #expect(error.description.hasPrefix("/proc/none/events.out.tfevents."))
  }
}
