/// Cyclic redundancy check CRC-32 of `bytes`, as zip files have it.
///
/// Polynomial 0x04C11DB7, reflected; initial value and final exclusive-or 0xFFFFFFFF. Any change of up to 32 adjacent bits is noticed.
/// - Source: PKWARE, APPNOTE.TXT 6.3.10, section 4.4.7. https://pkware.cachefly.net/webdocs/APPNOTE/APPNOTE-6.3.10.TXT
func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  ~bytes.reduce(~0) { remainder, byte in (remainder >> 8) ^ remainders[Int((remainder ^ UInt32(byte)) & 0xFF)] }
}

/// The remainder of each byte.
private let remainders: [UInt32] = (0..<256).map { byte in
  (0..<8).reduce(UInt32(byte)) { remainder, _ in (remainder >> 1) ^ (remainder & 1 == 1 ? 0xEDB8_8320 : 0) }
}
