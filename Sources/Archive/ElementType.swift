import CHDF5

/// Type of the elements of a data set or attribute.
public enum ElementType: Sendable, Hashable, CustomStringConvertible {
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  case float16, float32, float64
  /// Fixed-length or variable-length text.
  case string
  /// A type that is not read, by name (`compound`, `reference`, …).
  case unsupported(String)

  /// Name as in `uint8`, `float32`.
  public var description: String {
    switch self {
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .uint16: "uint16"
    case .uint32: "uint32"
    case .uint64: "uint64"
    case .float16: "float16"
    case .float32: "float32"
    case .float64: "float64"
    case .string: "string"
    case .unsupported(let name): name
    }
  }

  /// Bytes per element in memory; 0 for text and unsupported types.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8: 1
    case .int16, .uint16, .float16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    case .string, .unsupported: 0
    }
  }

  /// Whether every value of `other` is a value of this type, so that HDF5 may convert.
  func holds(_ other: ElementType) -> Bool {
    switch (self, other) {
    case (.int64, .int8), (.int64, .int16), (.int64, .int32), (.int64, .uint8), (.int64, .uint16), (.int64, .uint32): true
    case (.float64, .float32), (.float32, .float16): true
    default: self == other
    }
  }

  /// HDF5's identifier of the type in memory; owned by the library.
  /// - Precondition: called under `Library`'s lock; the type is numeric.
  var memoryType: hid_t {
    switch self {
    case .int8: H5T_NATIVE_INT8
    case .int16: H5T_NATIVE_INT16
    case .int32: H5T_NATIVE_INT32
    case .int64: H5T_NATIVE_INT64
    case .uint8: H5T_NATIVE_UINT8
    case .uint16: H5T_NATIVE_UINT16
    case .uint32: H5T_NATIVE_UINT32
    case .uint64: H5T_NATIVE_UINT64
    // HDF5 1.10 has no name for the processor's own; read as single precision.
    case .float16, .float32: H5T_NATIVE_FLOAT
    case .float64: H5T_NATIVE_DOUBLE
    case .string, .unsupported: preconditionFailure("ElementType: \(self) has no memory type")
    }
  }

  /// The type that an HDF5 datatype identifier stands for.
  /// - Precondition: called under `Library`'s lock.
  init(datatype: hid_t) {
    let size = H5Tget_size(datatype)
    switch H5Tget_class(datatype) {
    case H5T_INTEGER:
      let isSigned = H5Tget_sign(datatype) != H5T_SGN_NONE
      switch size {
      case 1: self = isSigned ? .int8 : .uint8
      case 2: self = isSigned ? .int16 : .uint16
      case 4: self = isSigned ? .int32 : .uint32
      case 8: self = isSigned ? .int64 : .uint64
      default: self = .unsupported("integer of \(size) bytes")
      }
    case H5T_FLOAT:
      switch size {
      // bfloat16 has eight bits of exponent.
      case 2 where H5Tget_ebias(datatype) == 15: self = .float16
      case 4: self = .float32
      case 8: self = .float64
      default: self = .unsupported("floating-point number of \(size) bytes")
      }
    case H5T_STRING: self = .string
    case H5T_COMPOUND: self = .unsupported("compound")
    case H5T_REFERENCE: self = .unsupported("reference")
    case H5T_ENUM: self = .unsupported("enumeration")
    case H5T_VLEN: self = .unsupported("variable-length list")
    case H5T_ARRAY: self = .unsupported("array")
    case H5T_OPAQUE: self = .unsupported("opaque")
    case H5T_BITFIELD: self = .unsupported("bit field")
    default: self = .unsupported("unknown type")
    }
  }
}

/// A Swift type that data sets are read and written as.
///
/// `Int64` also reads every narrower integer, `Float` also `float16`, `Double` also `float32`; all others read their own type only.
public protocol ArchiveElement: Numeric, BitwiseCopyable, Sendable {
  /// The element type in files.
  static var elementType: ElementType { get }
}

extension UInt8: ArchiveElement {
  /// `uint8`.
  public static var elementType: ElementType { .uint8 }
}
extension UInt16: ArchiveElement {
  /// `uint16`.
  public static var elementType: ElementType { .uint16 }
}
extension Int32: ArchiveElement {
  /// `int32`.
  public static var elementType: ElementType { .int32 }
}
extension Int64: ArchiveElement {
  /// `int64`.
  public static var elementType: ElementType { .int64 }
}
extension Float: ArchiveElement {
  /// `float32`.
  public static var elementType: ElementType { .float32 }
}
extension Double: ArchiveElement {
  /// `float64`.
  public static var elementType: ElementType { .float64 }
}
