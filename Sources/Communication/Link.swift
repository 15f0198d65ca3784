/// A link between two hosts: a message of `bytes` takes `latency + bytes / bandwidth`.
///
/// - Source: Hockney 1994, "The communication challenge for MPP"; the gap between messages is that of Culler et al. 1993, "LogP".
public struct Link: Sendable, Equatable {
  /// Seconds of an empty message, α.
  public var latency: Double
  /// Bytes per second each way, both ways at once.
  public var bandwidth: Double
  /// Seconds that each further message adds when several are posted at once.
  public var gap: Double

  /// A link of these numbers.
  public init(latency: Double, bandwidth: Double, gap: Double = 0) {
    self.latency = latency
    self.bandwidth = bandwidth
    self.gap = gap
  }

  /// Seconds of one message.
  public func seconds(_ bytes: Double) -> Double { latency + bytes / bandwidth }

  /// How far the times are from this link's, at most: 0.2 when one is a fifth longer or shorter than `seconds`.
  public func deviation(from points: [(bytes: Int, seconds: Double)]) -> Double {
    points.map { abs($0.seconds / seconds(Double($0.bytes)) - 1) }.max() ?? 0
  }

  /// The link that explains what was timed.
  ///
  /// Minimises the *relative* errors, `Σ |α + bytes/bandwidth - t| / (α + bytes/bandwidth)`, by least squares that are weighted anew until
  /// they stand: with absolute errors a few large messages would decide everything and the latency would be noise; with squares, or
  /// relative to t, some sizes would that a shaper's bucket lets through at once. A latency below zero is taken as zero.
  /// - Parameters:
  ///   - points: message sizes and seconds, at least two different sizes.
  ///   - gap: seconds from one message to the next, kept in the result as they are.
  public init(fitting points: [(bytes: Int, seconds: Double)], gap: Double = 0) {
    precondition(Set(points.map(\.bytes)).count >= 2, "Link: \(points.count) points of fewer than two sizes")
    let times = points.map { (Double($0.bytes), max($0.seconds, 1e-9)) }
    var weights = times.map { 1 / ($0.1 * $0.1) }
    var (latency, perByte) = (0.0, 0.0)
    for _ in 0..<200 {
      (latency, perByte) = Self.line(times, weights)
      // Below a thousandth an error counts by its square, so that no weight grows without bound.
      weights = times.map { size, t in
        let fitted = max(latency + size * perByte, 1e-12)
        return 1 / (fitted * fitted * max(1e-3, abs(1 - t / fitted)))
      }
    }
    self.init(latency: latency, bandwidth: 1 / perByte, gap: gap)
  }

  /// The line with the least `Σ weight · (a + b·x - t)²`, a not below 0 and b above.
  private static func line(_ times: [(Double, Double)], _ weights: [Double]) -> (latency: Double, perByte: Double) {
    var (sum, x, xx, y, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for ((size, t), weight) in zip(times, weights) {
      sum += weight
      x += weight * size
      xx += weight * size * size
      y += weight * t
      xy += weight * size * t
    }
    let determinant = sum * xx - x * x
    let (latency, perByte) = ((y * xx - x * xy) / determinant, (sum * xy - x * y) / determinant)
    if !(latency >= 0) { return (0, xy / xx) }
    return perByte > 0 ? (latency, perByte) : (y / sum, 1e-15)
  }
}

/// The middle of `values`, or the mean of the two in the middle: what a few disturbed ones do not move.
public func median(_ values: [Double]) -> Double {
  precondition(!values.isEmpty, "median: of no values")
  let sorted = values.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
