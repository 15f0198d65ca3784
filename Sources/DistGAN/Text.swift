import Foundation

/// Numbers and words as people read them.
enum Text {
  /// `text` filled with spaces to `width`.
  static func left(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }

  /// `text` after spaces up to `width`.
  static func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }

  /// `12.3 MiB`.
  static func bytes(_ count: Int) -> String { scaled(Double(count), by: 1024, ["B", "KiB", "MiB", "GiB", "TiB"]) }

  /// `4.1 M`.
  static func count(_ count: Int) -> String { scaled(Double(count), by: 1000, ["", "k", "M", "G", "T"]) }

  /// `12.3 GFLOP`.
  static func operations(_ count: Double) -> String { scaled(count, by: 1000, ["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP"]) }

  /// `1.2 GB/s`, for the unit `B/s`.
  static func rate(_ number: Double, _ unit: String) -> String {
    scaled(number, by: 1000, ["", "k", "M", "G", "T", "P"].map { $0 + unit })
  }

  /// `1.23 ms`.
  static func seconds(_ number: Double) -> String {
    let (scale, unit) = number >= 1 ? (1, "s") : number >= 1e-3 ? (1e3, "ms") : (1e6, "us")
    return String(format: "%.3g \(unit)", number * scale)
  }

  private static func scaled(_ number: Double, by step: Double, _ units: [String]) -> String {
    var (number, index) = (number, 0)
    while number >= step && index + 1 < units.count { (number, index) = (number / step, index + 1) }
    let digits = index == 0 ? "\(Int(number))" : String(format: "%.1f", number)
    return units[index].isEmpty ? digits : "\(digits) \(units[index])"
  }
}
