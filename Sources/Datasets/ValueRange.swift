/// The values that stand for black and white in images that are not bytes.
///
/// A value `v` is read as the byte `round((v - low) / (high - low) * 255)`. A file may state its own in an attribute `range` of two
/// numbers on its images; `uint16` images without one use 0 to 65535.
public struct ValueRange: Sendable, Hashable, CustomStringConvertible {
  /// The value of byte 0.
  public let low: Double
  /// The value of byte 255.
  public let high: Double

  /// A range; `nil` unless both ends are finite and `low` is less than `high`.
  public init?(low: Double, high: Double) {
    guard low.isFinite, high.isFinite, low < high else { return nil }
    self.low = low
    self.high = high
  }

  /// Reads `0,1`; `nil` for anything but two numbers, the first one less.
  public init?(text: String) {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0.filter { $0 != " " }) }
    guard numbers.count == 2, let low = numbers[0], let high = numbers[1] else { return nil }
    self.init(low: low, high: high)
  }

  /// As many bytes as values.
  /// - Returns: `nil` when all values lie in the range, give or take half a byte; else the first that does not, NaN included.
  func bytes<Value: BinaryFloatingPoint>(_ values: [Value], into bytes: UnsafeMutableBufferPointer<UInt8>) -> Value? {
    let scale = 255 / (high - low)
    for (index, value) in values.enumerated() {
      let position = (Double(value) - low) * scale
      guard position > -0.5, position < 255.5 else { return value }
      unsafe bytes[index] = UInt8(position + 0.5)
    }
    return nil
  }

  /// `0,1`.
  public var description: String { "\(Self.text(low)),\(Self.text(high))" }

  private static func text(_ number: Double) -> String {
    abs(number) < 1e15 && number == number.rounded() ? "\(Int(number))" : "\(number)"
  }
}
