/// A protocol buffer message under construction: fields one after the other, in the order they are added.
///
/// A field is a tag, `number · 8 + wire type` as a varint, and its value: wire type 0 a varint, 1 eight bytes, 2 a length and so many
/// bytes, 5 four bytes; fixed-size values are little-endian. Zeros are written too, which readers take as what they would assume anyway.
/// - Source: Protocol Buffers, "Encoding". https://protobuf.dev/programming-guides/encoding/
struct ProtobufMessage {
  /// The message so far.
  private(set) var bytes: [UInt8] = []

  /// Adds an `int32`, `int64`, `bool` or enumeration; negative numbers take ten bytes.
  mutating func add(_ field: Int, _ value: Int) {
    addTag(field, wireType: 0)
    addVarint(UInt64(bitPattern: Int64(value)))
  }

  /// Adds a `double`.
  mutating func add(_ field: Int, _ value: Double) {
    addTag(field, wireType: 1)
    bytes += littleEndian(value.bitPattern)
  }

  /// Adds a `float`.
  mutating func add(_ field: Int, _ value: Float) {
    addTag(field, wireType: 5)
    bytes += littleEndian(value.bitPattern)
  }

  /// Adds `bytes`.
  mutating func add(_ field: Int, _ value: [UInt8]) {
    addTag(field, wireType: 2)
    addVarint(UInt64(value.count))
    bytes += value
  }

  /// Adds a `string`.
  mutating func add(_ field: Int, _ value: String) { add(field, Array(value.utf8)) }

  /// Adds a message that `fill` makes.
  mutating func add(_ field: Int, _ fill: (inout ProtobufMessage) -> Void) {
    var message = ProtobufMessage()
    fill(&message)
    add(field, message.bytes)
  }

  private mutating func addTag(_ field: Int, wireType: Int) {
    precondition(field > 0, "ProtobufMessage: field number \(field)")
    addVarint(UInt64(field << 3 | wireType))
  }

  /// Seven bits a byte, the lowest first; the eighth says that more follow.
  private mutating func addVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// The bytes of a number, the lowest first.
func littleEndian(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
  (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
