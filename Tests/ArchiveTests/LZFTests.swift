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
