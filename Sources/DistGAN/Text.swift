import Foundation

/// Numbers and words as people read them.
enum Text {
  /// `text` filled with spaces to `width`.
  static func left(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }

  /// `12.3 MiB`.
  static func bytes(_ count: Int) -> String { scaled(Double(count), by: 1024, ["B", "KiB", "MiB", "GiB", "TiB"]) }

  /// `4.1 M`.
  static func count(_ count: Int) -> String { scaled(Double(count), by: 1000, ["", "k", "M", "G", "T"]) }

  /// `12.3 GFLOP`.
  static func operations(_ count: Double) -> String { scaled(count, by: 1000, ["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP"]) }

  private static func scaled(_ number: Double, by step: Double, _ units: [String]) -> String {
    var (number, index) = (number, 0)
    while number >= step && index + 1 < units.count { (number, index) = (number / step, index + 1) }
    let digits = index == 0 ? "\(Int(number))" : String(format: "%.1f", number)
    return units[index].isEmpty ? digits : "\(digits) \(units[index])"
  }
}
