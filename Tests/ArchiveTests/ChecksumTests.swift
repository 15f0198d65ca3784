import Archive
import Testing

@Suite struct ChecksumTests {
  func check(_ bytes: [UInt8]) -> UInt32 { unsafe bytes.withUnsafeBytes { unsafe crc32c($0) } }

  /// Check value of the CRC catalogue, and the vectors of RFC 3720, appendix B.4.
  @Test func `published check values are met`() {
    #expect(check(Array("123456789".utf8)) == 0xE306_9283)
    #expect(check([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(check([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(check((0..<32).map { UInt8($0) }) == 0x46DD_794E)
    #expect(check([]) == 0)
  }

  @Test func `a run in two parts has the check of the whole`() {
    let bytes = (0..<101).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    for cut in 0...101 {
      let first = check(Array(bytes[..<cut]))
      let both = unsafe Array(bytes[cut...]).withUnsafeBytes { unsafe crc32c($0, continuing: first) }
      #expect(both == check(bytes))
    }
  }
}
