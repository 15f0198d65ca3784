import Adversarial

/// A physical quantity as text with a unit, as options give it.
public enum Quantity: Sendable, CaseIterable {
  /// Bytes per second.
  case bandwidth
  /// Seconds.
  case duration
  /// Floating-point operations per second.
  case operations

  /// The forms that are understood.
  public var forms: String {
    switch self {
    case .bandwidth: "10Gbit, 200Mbit/s, 1.25GB/s, 900MiB/s"
    case .duration: "30us, 5ms, 0.2s"
    case .operations: "3TF, 500GFLOP/s, 1.2TFLOPS"
    }
  }

  /// The number in bytes per second, seconds or operations per second.
  /// - Parameters:
  ///   - text: a number with its unit, as `8GB/s`.
  ///   - option: name on the command line, for the message.
  /// - Throws: `OptionError` that lists the forms, for another unit, no unit, or a number that is not above zero (a duration may be 0).
  public func value(_ text: String, option: String) throws -> Double {
    let digits = text.prefix { "0123456789.eE+-".contains($0) }
    guard let number = Double(digits), let scale = scale(text.dropFirst(digits.count)), number.isFinite, number > 0 || isZeroAllowed(number)
    else { throw OptionError("--\(option) \(text): a number above zero with a unit is needed, as \(forms)") }
    return number * scale
  }

  private func isZeroAllowed(_ number: Double) -> Bool { self == .duration && number == 0 }

  private func scale(_ unit: Substring) -> Double? {
    let unit = unit.hasSuffix("/s") && self != .duration ? unit.dropLast(2) : unit
    switch self {
    case .bandwidth:
      if unit.hasSuffix("bit"), let factor = Self.decimal(unit.dropLast(3)) { return factor / 8 }
      if unit.hasSuffix("iB"), let factor = Self.binary(unit.dropLast(2)) { return factor }
      return unit.hasSuffix("B") ? Self.decimal(unit.dropLast(1)) : nil
    case .duration:
      return ["s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9][String(unit)]
    case .operations:
      for name in ["FLOPS", "FLOP", "F"] where unit.hasSuffix(name) { return Self.decimal(unit.dropLast(name.count)) }
      return nil
    }
  }

  private static func decimal(_ prefix: Substring) -> Double? {
    ["": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15][String(prefix)]
  }

  private static func binary(_ prefix: Substring) -> Double? {
    ["K": 1024, "M": 1_048_576, "G": 1_073_741_824, "T": 1_099_511_627_776][String(prefix)]
  }
}
