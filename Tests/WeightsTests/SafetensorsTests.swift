import Foundation
import Testing

@testable import Weights

@Suite struct SafetensorsTests {
  static let sample = Safetensors(
    arrays: [
      WeightArray(name: "b.weight", shape: [2, 3], values: [1, -0.0, .infinity, .leastNonzeroMagnitude, 5, -1e30]),
      WeightArray(name: "a.gain", shape: [], values: [0.25]), WeightArray(name: "none", shape: [0, 4], values: []),
      WeightArray(name: "quote\" \\ \n 表情", shape: [1], values: [7]),
    ], metadata: ["model": "biggan", "classNames": "a\nb"])

  static func file(_ header: String, _ body: [UInt8] = []) -> [UInt8] {
    let bytes = Array(header.utf8)
    return (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes + body
  }

  @Test func `what is written is read again, bit for bit and in its order`() throws {
    let bytes = [UInt8](try Self.sample.data())
    let found = try Safetensors(bytes: bytes, path: "x")
    #expect(Set(found.arrays.map(\.name)) == Set(Self.sample.arrays.map(\.name)))
    for array in Self.sample.arrays {
      let other = try #require(found.arrays.first { $0.name == array.name })
      #expect(other.shape == array.shape)
      #expect(other.values.map(\.bitPattern) == array.values.map(\.bitPattern))
    }
    #expect(found.metadata == Self.sample.metadata)
    #expect([UInt8](try Safetensors(arrays: Self.sample.arrays, metadata: found.metadata).data()) == bytes)
  }

  @Test func `a file that is cut anywhere is refused`() throws {
    let bytes = [UInt8](try Self.sample.data())
    for length in 0..<bytes.count {
      #expect(throws: WeightError.self, "cut to \(length)") { try Safetensors(bytes: Array(bytes[..<length]), path: "x") }
    }
    #expect(throws: WeightError.self) { try Safetensors(bytes: bytes + [0], path: "x") }
  }

  @Test(arguments: [
    ("not JSON", "{]", 0), ("an array", "[]", 0), ("no offsets", #"{"a":{"dtype":"F32","shape":[1]}}"#, 4),
    ("an unknown type", #"{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}"#, 8),
    ("offsets beyond the end", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4),
    ("a shape of other size", #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8),
    ("a negative shape", #"{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}"#, 8),
    ("a shape too large for numbers", #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0),
    ("negative offsets", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4),
    ("a gap", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8),
    (
      "an overlap",
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4
    ),
  ]) func `a header that cannot be is refused in words`(what: String, header: String, size: Int) throws {
    let error = #expect(throws: WeightError.self, "\(what)") {
      try Safetensors(bytes: Self.file(header, [UInt8](repeating: 0, count: size)), path: "file.safetensors")
    }
    #expect(error?.description.hasPrefix("file.safetensors: not a sound safetensors file: ") == true)
    #expect(error?.reason.exitCode == 66)
  }

  @Test func `other types of numbers become single precision`() throws {
    func value(_ type: String, _ bytes: [UInt8]) throws -> Float {
      let header = "{\"a\":{\"dtype\":\"\(type)\",\"shape\":[1],\"data_offsets\":[0,\(bytes.count)]}}"
      return try Safetensors(bytes: Self.file(header, bytes), path: "x").arrays[0].values[0]
    }
    #expect(try value("F16", [0x00, 0xc1]) == -2.5)
    #expect(try value("F16", [0x01, 0x00]) == 0x1p-24)
    #expect(try value("F16", [0xff, 0x7b]) == 65504)
    #expect(try value("F16", [0x00, 0xfc]) == -.infinity)
    #expect(try value("F16", [0x01, 0x7c]).isNaN)
    #expect(try value("BF16", [0x20, 0xc0]) == -2.5)
    #expect(try value("F64", [0, 0, 0, 0, 0, 0, 4, 0xc0]) == -2.5)
    #expect(try value("I64", [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) == -2)
    #expect(try value("I16", [0xfe, 0xff]) == -2)
    #expect(try value("U8", [200]) == 200)
  }

  @Test func `layouts of PyTorch and back are the same numbers`() {
    func counted(_ shape: [Int]) -> WeightArray {
      WeightArray(name: "x", shape: shape, values: (0..<shape.reduce(1, *)).map(Float.init))
    }
    let kernel = ArrayLayout.pytorch.stored(counted([2, 3, 4, 5]), weight: nil, isTable: false)
    #expect(kernel.shape == [5, 4, 2, 3])
    // Element [o, i, y, x] of theirs is [y, x, i, o] of ours.
    #expect(kernel.values[((4 * 4 + 1) * 2 + 1) * 3 + 2] == Float(((1 * 3 + 2) * 4 + 1) * 5 + 4))
    #expect(ArrayLayout.pytorch.stored(counted([2, 3]), weight: nil, isTable: false).values == [0, 3, 1, 4, 2, 5])
    #expect(ArrayLayout.pytorch.stored(counted([2, 3]), weight: nil, isTable: true) == counted([2, 3]))
    #expect(ArrayLayout.pytorch.stored(counted([6]), weight: [1, 3, 2, 7], isTable: false).values == [0, 2, 4, 1, 3, 5])
    for layout in ArrayLayout.allCases {
      for (shape, weight, isTable): ([Int], [Int]?, Bool) in [
        ([2, 3, 4, 5], nil, false), ([2, 3], nil, false), ([2, 3], nil, true), ([24], [2, 3, 4, 5], false), ([7], nil, false),
        ([], nil, false),
      ] {
        let stored = layout.stored(counted(shape), weight: weight, isTable: isTable)
        #expect(layout.restored(stored, weight: weight, isTable: isTable) == counted(shape))
      }
    }
  }
}
