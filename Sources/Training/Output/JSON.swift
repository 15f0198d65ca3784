internal import Foundation

/// A JSON value whose objects keep the order of their fields, so that lines of a log are easy to compare.
public indirect enum JSON: Sendable, Equatable, CustomStringConvertible {
  case text(String)
  case integer(Int)
  /// A number; NaN and infinities, which JSON lacks, become `null`.
  case number(Double)
  /// A single-precision number, in the shortest digits that read back as the same `Float`.
  case single(Float)
  case flag(Bool)
  case list([JSON])
  case object([(name: String, value: JSON)])

  /// Fields of text.
  public static func texts(_ fields: [(name: String, value: String)]) -> JSON { .object(fields.map { ($0.name, .text($0.value)) }) }

  /// The value on one line.
  public var description: String {
    switch self {
    case .text(let text): Self.quoted(text)
    case .integer(let number): "\(number)"
    case .number(let number): number.isFinite ? "\(number)" : "null"
    case .single(let number): number.isFinite ? "\(number)" : "null"
    case .flag(let flag): flag ? "true" : "false"
    case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
    case .object(let fields): "{" + fields.map { "\(Self.quoted($0.name)): \($0.value)" }.joined(separator: ", ") + "}"
    }
  }

  /// Equal when written the same.
  public static func == (left: JSON, right: JSON) -> Bool { left.description == right.description }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case _ where scalar.value < 0x20: result += String(format: "\\u%04x", Int(scalar.value))
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
