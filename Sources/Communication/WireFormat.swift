/// How the numbers of long sums travel between hosts.
public enum WireFormat: String, Sendable, CaseIterable {
  /// As they are.
  case float32
  /// Rounded to 16 bits, half the bytes; sums are added in float32 and rounded at each hop.
  case bfloat16
}

/// The upper half of a float: 8 bits of exponent, 7 of fraction.
enum BFloat16 {
  /// The nearest value, ties to even; infinities and NaN stay what they are.
  static func bits(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(bits >> 16) | 0x40 }
    return UInt16((bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
  }

  /// The float of these bits.
  static func float(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  /// The nearest value as a float.
  static func rounded(_ value: Float) -> Float { float(bits(value)) }
}

/// Memory for rounded numbers that is kept from call to call.
@safe struct HalfFloats: ~Copyable {
  private var scratch = Scratch()

  /// Room for `count` numbers; valid until the next call.
  mutating func memory(_ count: Int) -> UnsafeMutablePointer<UInt16> {
    unsafe UnsafeMutableRawPointer(scratch.floats((count + 1) / 2)).assumingMemoryBound(to: UInt16.self)
  }
}
