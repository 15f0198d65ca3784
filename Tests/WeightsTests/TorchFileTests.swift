import Testing

@testable import Weights

@Suite struct TorchFileTests {
  static let four: [String: [UInt8]] = ["0": [0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64]]

  /// The error of reading a file that must not be read.
  static func refusal(_ bytes: [UInt8]) -> String {
    do {
      _ = try TorchFile(bytes: bytes, path: "file.pth")
      return "nothing was refused"
    } catch let error as WeightError {
      return error.description
    } catch {
      return "another error: \(error)"
    }
  }

  @Test(arguments: [("shared.pth", 112), ("tables.pth", 106)]) func `files of PyTorch are read, zipped and legacy`(name: String, least: Int)
    throws
  {
    let arrays = try TorchFile(contentsOf: Golden.path(name)).arrays
    #expect(arrays.count >= least / 2)
    let linear = try #require(arrays.first { $0.name == "linear.weight" })
    #expect(linear.shape.count == 2 && linear.values.allSatisfy(\.isFinite) && Set(linear.values).count > 10)
    #expect(arrays.contains { $0.name == "output_layer.2.sv0" && $0.shape == [1] && $0.values[0] > 0 })
  }

  @Test func `a tensor is a grid over its storage`() throws {
    let file = PickleWriter.zip(
      PickleWriter.single { $0.tensor(count: 4, offset: 0, shape: [2, 2], strides: [1, 2]) }, storages: Self.four)
    #expect(try TorchFile(bytes: file, path: "x").arrays == [WeightArray(name: "weight", shape: [2, 2], values: [1, 3, 2, 4])])
    let part = PickleWriter.zip(PickleWriter.single { $0.tensor(count: 4, offset: 1, shape: [2], strides: [2]) }, storages: Self.four)
    #expect(try TorchFile(bytes: part, path: "x").arrays[0].values == [2, 4])
  }

  @Test func `nothing that a pickle names is called`() {
    let names = [("os", "system"), ("posix", "system"), ("builtins", "eval"), ("torch", "load"), ("collections", "defaultdict")]
    for (module, name) in names {
      var writer = PickleWriter()
      writer.global(module, name)
      writer.text("touch /tmp/owned")
      writer.raw(0x85)
      writer.code("R.")
      let refusal = Self.refusal(PickleWriter.zip(writer.bytes))
      #expect(refusal.contains("asks for \(module).\(name), which is refused"), "\(refusal)")
    }
    for (code, name) in [(0x93, "STACK_GLOBAL"), (0x81, "NEWOBJ"), (0x69, "INST"), (0x6f, "OBJ"), (0x82, "EXT1"), (0x50, "PERSID")] {
      let refusal = Self.refusal(PickleWriter.zip([0x80, 2, UInt8(code), 0x2e]))
      #expect(refusal.contains("instruction \(name), which is refused"), "\(refusal)")
    }
    // A kind of numbers is no function either.
    var writer = PickleWriter()
    writer.global("torch", "FloatStorage")
    writer.code(")R.")
    #expect(Self.refusal(PickleWriter.zip(writer.bytes)).contains("torch.FloatStorage is called"))
  }

  @Test func `tensors outside their storage are refused`() {
    let wrong: [(shape: [Int], strides: [Int], offset: Int, count: Int)] = [
      ([5], [1], 0, 4), ([2, 2], [2, 2], 0, 4), ([4], [1], 1, 4), ([4], [1], 0, 5), ([2], [1, 1], 0, 4), ([-1], [1], 0, 4),
      ([2], [-1], 1, 4), ([100], [0], 0, 4), ([0x7fff_ffff, 0x7fff_ffff, 0x7fff_ffff], [0, 0, 0], 0, 4),
      ([0x7fff_ffff, 0x7fff_ffff, 2], [0x7fff_ffff, 0x7fff_ffff, 0x7fff_ffff], 0, 4),
    ]
    for (shape, strides, offset, count) in wrong {
      let pickle = PickleWriter.single { $0.tensor(count: count, offset: offset, shape: shape, strides: strides) }
      let refusal = Self.refusal(PickleWriter.zip(pickle, storages: Self.four))
      #expect(refusal.hasPrefix("file.pth: "), "\(shape), \(strides): \(refusal)")
    }
    let missing = PickleWriter.single { $0.tensor(key: "../../etc/passwd", count: 4, shape: [4], strides: [1]) }
    #expect(Self.refusal(PickleWriter.zip(missing, storages: Self.four)).contains("has no part"))
  }

  @Test func `tensors that share their numbers cannot fill the memory`() {
    var writer = PickleWriter()
    writer.code("}")
    for index in 0..<2000 {
      writer.text("w\(index)")
      writer.tensor(count: 65536, shape: [65536], strides: [1])
      writer.code("s")
    }
    writer.code(".")
    let refusal = Self.refusal(PickleWriter.zip(writer.bytes, storages: ["0": [UInt8](repeating: 0, count: 262_144)]))
    #expect(refusal.contains("overlap"), "\(refusal)")
  }

  @Test func `deep nesting costs no stack and repeated dictionaries no time`() {
    var deep = PickleWriter()
    deep.code("}")
    deep.text("a")
    deep.code("N")
    for _ in 0..<1_000_000 { deep.raw(0x85) }
    deep.code("s.")
    #expect(Self.refusal(PickleWriter.zip(deep.bytes)).contains("no tensors"))

    var wide = PickleWriter()
    wide.code("}")
    for level in 0..<8 {
      // Each dictionary holds the one before a hundred times.
      wide.raw(0x71, UInt8(level))
      wide.code("0}")
      for index in 0..<100 {
        wide.text("\(index)")
        wide.raw(0x68, UInt8(level))
        wide.code("s")
      }
    }
    wide.code(".")
    #expect(Self.refusal(PickleWriter.zip(wide.bytes)).contains("more than a million"))
  }

  @Test func `other content is refused in words`() {
    #expect(Self.refusal([]).contains("neither a safetensors file nor one of torch.save"))
    #expect(Self.refusal(Array("hello".utf8)).contains("neither"))
    #expect(Self.refusal(PickleWriter.zip([0x80, 2, 0x4e, 0x2e])).contains("it holds None"))
    #expect(Self.refusal(PickleWriter.zip([0x80, 2, 0x7d, 0x2e])).contains("no tensors"))
    #expect(Self.refusal(PickleWriter.zip([0x80, 2, 0x7d, 0x2e], method: 8)).contains("compressed"))
    #expect(Self.refusal(PickleWriter.zip([0x80, 5, 0x7d, 0x2e])).contains("protocol is 5"))
  }

  @Test func `the check is that of zip files`() {
    // The published check value of CRC-32/ISO-HDLC.
    #expect(crc32(Array("123456789".utf8)[...]) == 0xCBF4_3926)
    #expect(crc32([]) == 0)
  }

  @Test func `a part whose check differs is named, and one without a check is read`() throws {
    let pickle = PickleWriter.single { $0.tensor(count: 4, shape: [4], strides: [1]) }
    let tensor = WeightArray(name: "weight", shape: [4], values: [1, 2, 3, 4])
    for hasChecks in [true, false] {
      let file = PickleWriter.zip(pickle, storages: Self.four, hasChecks: hasChecks)
      #expect(try TorchFile(bytes: file, path: "x").arrays == [tensor])
    }
    var damaged = PickleWriter.zip(pickle, storages: Self.four)
    let place = try #require(damaged.indices.first { damaged[$0...].starts(with: [0, 0, 128, 63, 0, 0, 0, 64]) })
    damaged[place + 6] ^= 1
    let refusal = Self.refusal(damaged)
    #expect(refusal.contains("archive/data/0 has changed since it was written"), "\(refusal)")
  }

  @Test func `every damaged number of a file of PyTorch is noticed`() throws {
    // The other golden file is of the older form, which has no checks.
    let name = ["shared.pth", "tables.pth"].first { (try? ZipArchive.isZip(Golden.bytes($0))) == true }
    var bytes = try Golden.bytes(try #require(name))
    let archive = try ZipArchive(bytes, path: "x")
    let parts = archive.names.filter { $0.contains("/data/") && !$0.contains("/.data/") }
    #expect(parts.count > 50)
    for part in parts {
      let content = try archive.contents(part)
      let place = content.startIndex + content.count / 2
      bytes[place] ^= 0x10
      let refusal = Self.refusal(bytes)
      #expect(refusal.contains("has changed since it was written"), "\(part): \(refusal)")
      bytes[place] ^= 0x10
    }
  }

  @Test(arguments: ["shared.pth", "tables.pth"]) func `files cut anywhere and flipped bits are refused or read, never fatal`(name: String)
    throws
  {
    let bytes = try Golden.bytes(name)
    for length in stride(from: 0, to: bytes.count, by: 977) {
      #expect(throws: WeightError.self, "cut to \(length)") { try TorchFile(bytes: Array(bytes[..<length]), path: name) }
    }
    var damaged = bytes
    for place in stride(from: 0, to: bytes.count, by: 131) {
      damaged[place] ^= UInt8(1 << (place % 8))
      _ = try? TorchFile(bytes: damaged, path: name)
      damaged[place] = bytes[place]
    }
  }
}
