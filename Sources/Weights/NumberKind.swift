/// How files of weights store numbers; all are read as single precision.
enum NumberKind: CaseIterable, Sendable {
  case float32, float16, bfloat16, float64, int64, int32, int16, int8, uint8, bool

  /// Bytes of a number.
  var size: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Name in a safetensors header.
  var safetensorsName: String {
    switch self {
    case .float32: "F32"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .float64: "F64"
    case .int64: "I64"
    case .int32: "I32"
    case .int16: "I16"
    case .int8: "I8"
    case .uint8: "U8"
    case .bool: "BOOL"
    }
  }

  /// Name of PyTorch's storage class.
  var storageName: String {
    switch self {
    case .float32: "FloatStorage"
    case .float16: "HalfStorage"
    case .bfloat16: "BFloat16Storage"
    case .float64: "DoubleStorage"
    case .int64: "LongStorage"
    case .int32: "IntStorage"
    case .int16: "ShortStorage"
    case .int8: "CharStorage"
    case .uint8: "ByteStorage"
    case .bool: "BoolStorage"
    }
  }

  /// The numbers of little-endian `bytes`, whose count is a multiple of `size`.
  func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
    func each<Stored: BitwiseCopyable>(_ type: Stored.Type, _ convert: (Stored) -> Float) -> [Float] {
      let count = bytes.count / size
      // Sound: only whole numbers within the bytes are loaded, of types for which every bit pattern is a value.
      return unsafe bytes.withUnsafeBytes { raw in
        (0..<count).map { index in convert(unsafe raw.loadUnaligned(fromByteOffset: index * size, as: type)) }
      }
    }
    switch self {
    case .float32: return each(UInt32.self) { Float(bitPattern: $0) }
    case .float16: return each(UInt16.self, Self.half)
    case .bfloat16: return each(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .float64: return each(UInt64.self) { Float(Double(bitPattern: $0)) }
    case .int64: return each(Int64.self) { Float($0) }
    case .int32: return each(Int32.self) { Float($0) }
    case .int16: return each(Int16.self) { Float($0) }
    case .int8: return each(Int8.self) { Float($0) }
    case .uint8, .bool: return each(UInt8.self) { Float($0) }
    }
  }

  /// IEEE 754 half precision: 1 bit sign, 5 bits exponent, 10 bits fraction.
  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let (exponent, fraction) = (Int(bits >> 10 & 31), Float(bits & 1023))
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1 + fraction / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }
}
