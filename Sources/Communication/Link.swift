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
  /// Least squares of the *relative* errors, `Σ ((α + bytes/bandwidth - t) / t)²`: with absolute ones a few large messages would decide
  /// everything and the latency would be noise. A latency below zero is taken as zero, and the bandwidth is then fitted alone.
  /// - Parameter points: message sizes and seconds, at least two different sizes.
  public init(fitting points: [(bytes: Int, seconds: Double)], gap: Double = 0) {
    precondition(Set(points.map(\.bytes)).count >= 2, "Link: \(points.count) points of fewer than two sizes")
    // Normal equations of a + b·x = t with weights 1/t².
    var (weights, x, xx, y, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (bytes, seconds) in points {
      let t = max(seconds, 1e-9)
      let (size, weight) = (Double(bytes), 1 / (t * t))
      weights += weight
      x += weight * size
      xx += weight * size * size
      y += weight * t
      xy += weight * size * t
    }
    let determinant = weights * xx - x * x
    var latency = (y * xx - x * xy) / determinant
    var perByte = (weights * xy - x * y) / determinant
    if !(latency >= 0) { (latency, perByte) = (0, xy / xx) }
    if !(perByte > 0) { (latency, perByte) = (y / weights, 1e-15) }
    self.init(latency: latency, bandwidth: 1 / perByte, gap: gap)
  }
}

/// The middle of `values`, or the mean of the two in the middle: what a few disturbed ones do not move.
public func median(_ values: [Double]) -> Double {
  precondition(!values.isEmpty, "median: of no values")
  let sorted = values.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
