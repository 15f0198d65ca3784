/// Cyclic redundancy check CRC-32C (Castagnoli) of `bytes`.
///
/// Polynomial 0x1EDC6F41, reflected; initial value and final exclusive-or 0xFFFFFFFF. Any change of up to 32 adjacent bits is noticed.
/// - Parameters:
///   - bytes: what to check.
///   - previous: check of the bytes before, to continue a longer run; 0 to begin.
/// - Source: RFC 3720 (iSCSI), section 12.1 and appendix B.4.
public func crc32c(_ bytes: UnsafeRawBufferPointer, continuing previous: UInt32 = 0) -> UInt32 {
  var remainder = ~previous
  var offset = 0
  unsafe CRC32CTables.shared.withUnsafeBufferPointer { table in
    // Eight bytes at a time, each by a table of its own ("slicing by 8").
    while offset + 8 <= bytes.count {
      let word = UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) ^ UInt64(remainder)
      remainder =
        unsafe table[7 &* 256 &+ Int(word & 0xFF)] ^ table[6 &* 256 &+ Int((word &>> 8) & 0xFF)]
        ^ table[5 &* 256 &+ Int((word &>> 16) & 0xFF)] ^ table[4 &* 256 &+ Int((word &>> 24) & 0xFF)]
        ^ table[3 &* 256 &+ Int((word &>> 32) & 0xFF)] ^ table[2 &* 256 &+ Int((word &>> 40) & 0xFF)]
        ^ table[256 &+ Int((word &>> 48) & 0xFF)] ^ table[Int(word &>> 56)]
      offset &+= 8
    }
    while offset < bytes.count {
      remainder = unsafe (remainder &>> 8) ^ table[Int((remainder ^ UInt32(bytes[offset])) & 0xFF)]
      offset &+= 1
    }
  }
  return ~remainder
}

/// The tables of CRC-32C: entry `256k + b` is the remainder of byte `b` followed by `k` zero bytes.
private enum CRC32CTables {
  static let shared: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var remainder = UInt32(byte)
      for _ in 0..<8 { remainder = (remainder >> 1) ^ (remainder & 1 == 1 ? 0x82F6_3B78 : 0) }
      tables[byte] = remainder
    }
    for index in 256..<(8 * 256) {
      let previous = tables[index - 256]
      tables[index] = (previous >> 8) ^ tables[Int(previous & 0xFF)]
    }
    return tables
  }()
}
