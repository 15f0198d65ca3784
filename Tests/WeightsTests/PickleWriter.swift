@testable import Weights

/// Writes pickles, right and wrong ones, instruction by instruction, and the zip around them.
struct PickleWriter {
  private(set) var bytes: [UInt8] = [0x80, 2]

  mutating func code(_ text: String) { bytes += Array(text.utf8) }
  mutating func raw(_ codes: UInt8...) { bytes += codes }
  mutating func global(_ module: String, _ name: String) { code("c\(module)\n\(name)\n") }
  mutating func text(_ text: String) { bytes += [0x58] + Self.little(text.utf8.count, 4) + Array(text.utf8) }
  mutating func number(_ number: Int) { bytes += [0x4a] + Self.little(number, 4) }

  mutating func numbers(_ numbers: [Int]) {
    code("(")
    for value in numbers { number(value) }
    code("t")
  }

  /// A tensor over storage `key` of `count` floats.
  mutating func tensor(
    key: String = "0", count: Int, offset: Int = 0, shape: [Int], strides: [Int], storage: (String, String) = ("torch", "FloatStorage")
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    code("((")
    text("storage")
    global(storage.0, storage.1)
    text(key)
    text("cpu")
    number(count)
    code("tQ")
    number(offset)
    numbers(shape)
    numbers(strides)
    raw(0x89)
    global("collections", "OrderedDict")
    code(")RtR")
  }

  /// A dictionary with one tensor, named `weight`.
  static func single(_ body: (inout PickleWriter) -> Void) -> [UInt8] {
    var writer = PickleWriter()
    writer.code("}")
    writer.text("weight")
    body(&writer)
    writer.code("s.")
    return writer.bytes
  }

  static func little(_ number: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }

  /// A stored zip of the pickle and storages; without checks it is as `torch.save` writes it when told to.
  static func zip(_ pickle: [UInt8], storages: [String: [UInt8]] = [:], method: Int = 0, hasChecks: Bool = true) -> [UInt8] {
    var (body, directory): ([UInt8], [UInt8]) = ([], [])
    let parts = [("archive/data.pkl", pickle)] + storages.sorted { $0.key < $1.key }.map { ("archive/data/\($0.key)", $0.value) }
    for (name, content) in parts {
      let check = hasChecks ? Int(crc32(content[...])) : 0
      let common = little(0, 2) + little(method, 2) + little(0, 4) + little(check, 4) + little(content.count, 4) + little(content.count, 4)
      let names = little(name.utf8.count, 2) + little(0, 2)
      directory += [0x50, 0x4b, 1, 2] + little(0, 4) + common + names + little(0, 10) + little(body.count, 4) + Array(name.utf8)
      body += [0x50, 0x4b, 3, 4] + little(0, 2) + common + names + Array(name.utf8) + content
    }
    let end = little(0, 4) + little(parts.count, 2) + little(parts.count, 2) + little(directory.count, 4) + little(body.count, 4)
    return body + directory + [0x50, 0x4b, 5, 6] + end + little(0, 2)
  }
}
