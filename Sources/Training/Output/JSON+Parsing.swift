/// A text that is no JSON value.
struct JSONError: Error {
  /// Bytes before the place where it ceased to be one.
  let offset: Int
}

extension JSON {
  /// Reads one value; objects keep the order of their fields, whole numbers that fit are `integer`, others `number`.
  /// - Throws: `JSONError` where the text is not one value.
  init(parsing text: some Sequence<UInt8>) throws(JSONError) {
    var reader = JSONReader(bytes: Array(text))
    self = try reader.value()
    reader.skipSpace()
    guard reader.offset == reader.bytes.count else { throw JSONError(offset: reader.offset) }
  }

  /// The field `name` of an object; nil where there is none.
  public subscript(name: String) -> JSON? {
    guard case .object(let fields) = self else { return nil }
    return fields.first { $0.name == name }?.value
  }

  /// The fields of an object, the empty list for others.
  public var fields: [(name: String, value: JSON)] {
    if case .object(let fields) = self { fields } else { [] }
  }

  /// The values of a list, none for others.
  public var values: [JSON] {
    if case .list(let values) = self { values } else { [] }
  }

  /// A text as it is meant, others as they are written.
  public var plainText: String {
    if case .text(let text) = self { text } else { description }
  }

  /// A whole number.
  public var int: Int? {
    if case .integer(let number) = self { number } else { nil }
  }

  /// Any number.
  public var double: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .number(let number): number
    case .single(let number): Double(number)
    default: nil
    }
  }
}

/// Where a parser is in a text.
private struct JSONReader {
  let bytes: [UInt8]
  var offset = 0
  private var depth = 0
  /// Deeper values are no log's, and would overflow the stack.
  private static let deepest = 100

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || (0x09...0x0D).contains(byte) { offset += 1 }
  }

  mutating func value() throws(JSONError) -> JSON {
    skipSpace()
    guard let byte = peek, depth < Self.deepest else { throw JSONError(offset: offset) }
    depth += 1
    defer { depth -= 1 }
    switch byte {
    case UInt8(ascii: "{"): return .object(try object())
    case UInt8(ascii: "["): return .list(try list())
    case UInt8(ascii: "\""): return .text(try string())
    case UInt8(ascii: "t"): return try word("true", .flag(true))
    case UInt8(ascii: "f"): return try word("false", .flag(false))
    // What could not be written as a number.
    case UInt8(ascii: "n"): return try word("null", .number(.nan))
    default: return try number()
    }
  }

  private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard peek == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func need(_ character: Unicode.Scalar) throws(JSONError) {
    guard take(character) else { throw JSONError(offset: offset) }
  }

  private mutating func object() throws(JSONError) -> [(name: String, value: JSON)] {
    var fields: [(name: String, value: JSON)] = []
    try need("{")
    if take("}") { return fields }
    repeat {
      skipSpace()
      let name = try string()
      try need(":")
      fields.append((name, try value()))
    } while take(",")
    try need("}")
    return fields
  }

  private mutating func list() throws(JSONError) -> [JSON] {
    var values: [JSON] = []
    try need("[")
    if take("]") { return values }
    repeat { values.append(try value()) } while take(",")
    try need("]")
    return values
  }

  private mutating func word(_ text: String, _ value: JSON) throws(JSONError) -> JSON {
    guard bytes[offset...].starts(with: text.utf8) else { throw JSONError(offset: offset) }
    offset += text.utf8.count
    return value
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = offset
    while let byte = peek, (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte) { offset += 1 }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if let whole = Int(text) { return .integer(whole) }
    guard let number = Double(text) else { throw JSONError(offset: start) }
    return .number(number)
  }

  private mutating func string() throws(JSONError) -> String {
    try need("\"")
    var units: [UInt8] = []
    while let byte = peek, byte != UInt8(ascii: "\"") {
      offset += 1
      if byte != UInt8(ascii: "\\") {
        units.append(byte)
        continue
      }
      guard let escape = peek else { break }
      offset += 1
      switch escape {
      case UInt8(ascii: "n"): units.append(0x0A)
      case UInt8(ascii: "t"): units.append(0x09)
      case UInt8(ascii: "r"): units.append(0x0D)
      case UInt8(ascii: "b"): units.append(0x08)
      case UInt8(ascii: "f"): units.append(0x0C)
      case UInt8(ascii: "u"): units += String(try escapedScalar()).utf8
      default: units.append(escape)
      }
    }
    try need("\"")
    return String(decoding: units, as: UTF8.self)
  }

  /// The character of `\uXXXX`, whose first two characters are read already, or of a pair of them.
  private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
    let first = try fourDigits()
    if (0xD800..<0xDC00).contains(first), bytes[offset...].starts(with: "\\u".utf8) {
      offset += 2
      let second = try fourDigits()
      if (0xDC00..<0xE000).contains(second) { return Unicode.Scalar((first - 0xD800) << 10 + (second - 0xDC00) + 0x10000) ?? "\u{FFFD}" }
    }
    return Unicode.Scalar(first) ?? "\u{FFFD}"
  }

  private mutating func fourDigits() throws(JSONError) -> UInt32 {
    guard offset + 4 <= bytes.count, let value = UInt32(String(decoding: bytes[offset..<offset + 4], as: UTF8.self), radix: 16) else {
      throw JSONError(offset: offset)
    }
    offset += 4
    return value
  }
}
