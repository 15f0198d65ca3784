import Glibc

/// How well points cover the modes of a set.
///
/// A point belongs to its nearest mode, and is of high quality when it lies within three deviations of it. A mode counts as covered when
/// its high-quality points are at least a tenth of what the distribution itself would give it: stricter than the one point that the
/// VEEGAN paper asks for, which stray points satisfy by chance.
/// - Source: Srivastava et al. 2017, "VEEGAN", https://arxiv.org/abs/1705.07761, for modes captured and high-quality samples.
public struct ModeCoverage: Sendable, Equatable {
  /// Modes of the distribution.
  public let modes: Int
  /// Modes covered.
  public let covered: Int
  /// Share of high-quality points; of the distribution itself 0.99.
  public let quality: Double
  /// `Σ h ln(h K)`, the Kullback-Leibler divergence of the high-quality points' histogram h over K modes from the uniform one, in nats:
  /// 0 for equal shares, `ln K` for a single mode, infinite without any high-quality point.
  public let divergence: Double

  /// The coverage of `set` by points `[x, y, x, y, …]`; numbers that are not finite are of no mode.
  public init(of set: PointSet, by points: [Float]) {
    let landmarks = set.landmarks
    let reach = 9 * set.deviation * set.deviation
    var counts = [Int](repeating: 0, count: set.modes)
    for index in stride(from: 0, to: points.count, by: 2) {
      var (nearest, least) = (0, Float.infinity)
      for place in landmarks {
        let (dx, dy) = (points[index] - place.x, points[index + 1] - place.y)
        let square = dx * dx + dy * dy
        if square < least { (nearest, least) = (place.mode, square) }
      }
      if least <= reach { counts[nearest] += 1 }
    }
    let (all, good) = (points.count / 2, counts.reduce(0, +))
    let modes = Double(set.modes)
    self.modes = set.modes
    covered = counts.count { Double($0) * modes * 10 >= Double(max(all, 1)) }
    quality = Double(good) / Double(max(all, 1))
    divergence =
      good == 0
      ? .infinity
      : counts.filter { $0 > 0 }.reduce(0) { sum, count in
        let share = Double(count) / Double(good)
        return sum + share * log(share * modes)
      }
  }
}
