internal import Foundation

/// A number over the steps, as it is drawn: at most so many points, and a moving average of them.
public struct Curve {
  /// Name in the legend.
  public let name: String
  /// Steps of the points, ascending.
  public let steps: [Int]
  /// What was logged; where there are more points than are drawn, means over neighbours. NaN where nothing was.
  public let values: [Double]
  /// The smallest and the largest of the neighbours.
  public let ranges: [ClosedRange<Double>?]
  /// Moving averages of `values`; nil for so few points that they need none.
  public let averages: [Double]?
  /// Steps that an average mostly covers.
  public let averagedSteps: Int

  /// More points than pixels tell nothing.
  static let mostPoints = 400
  private static let fewestAveraged = 30

  /// - Parameters:
  ///   - name: what the curve is of.
  ///   - points: steps, ascending, and values.
  public init(name: String, points: [(step: Int, value: Double)]) {
    self.name = name
    let count = min(points.count, Self.mostPoints)
    let parts = (0..<count).map { Array(points[$0 * points.count / count..<($0 + 1) * points.count / count]) }
    steps = parts.map { $0[$0.count - 1].step }
    let finite = parts.map { $0.map(\.value).filter(\.isFinite) }
    values = finite.map { $0.isEmpty ? .nan : $0.reduce(0, +) / Double($0.count) }
    ranges = finite.map { values in
      guard values.count > 1, let low = values.min(), let high = values.max() else { return nil }
      return low...high
    }
    let window = max(2, Double(count) / 40)
    averages = count >= Self.fewestAveraged ? Self.averaged(values, keeping: 1 - 1 / window) : nil
    averagedSteps = steps.count > 1 ? Int((window * Double(steps[steps.count - 1] - steps[0]) / Double(steps.count - 1)).rounded()) : 0
  }

  /// Exponential moving averages, `a ← ρ·a + (1 - ρ)·x`, divided by `1 - ρⁿ` so that the first ones do not begin at zero.
  static func averaged(_ values: [Double], keeping share: Double) -> [Double] {
    var (sum, weight) = (0.0, 0.0)
    return values.map { value in
      guard value.isFinite else { return weight > 0 ? sum / weight : .nan }
      sum = share * sum + (1 - share) * value
      weight = share * weight + (1 - share)
      return sum / weight
    }
  }
}

/// Round numbers along an axis.
public struct Ticks {
  /// The numbers, ascending, within the range.
  public let values: [Double]
  /// Distance of two neighbours: 1, 2 or 5 times a power of ten.
  public let distance: Double

  /// About `count` ticks within `range`.
  public init(in range: ClosedRange<Double>, about count: Int, wholeNumbers: Bool = false) {
    let rough = max(range.upperBound - range.lowerBound, 1e-300) / Double(max(count, 1))
    let power = pow(10, log10(rough).rounded(.down))
    let distance = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
    self.distance = wholeNumbers ? max(1, distance) : distance
    let first = (range.lowerBound / self.distance).rounded(.up)
    let last = (range.upperBound / self.distance).rounded(.down)
    values = first <= last ? stride(from: first, through: last, by: 1).map { [distance = self.distance] in $0 * distance } : []
  }

  /// A tick as people read it: `0.25`, `1,500`, `20k`.
  public func text(_ value: Double) -> String {
    if abs(value) >= 1e6 { return Self.trimmed(value / 1e6) + "M" }
    if abs(value) >= 1e4 { return Self.trimmed(value / 1e3) + "k" }
    if value != 0 && abs(value) < 1e-3 { return String(format: "%.3g", value) }
    let digits = max(0, Int((-log10(distance) + 1e-9).rounded(.up)))
    return String(format: "%.*f", digits, value == 0 ? 0 : value)
  }

  private static func trimmed(_ value: Double) -> String { String(format: "%.6g", value) }
}
