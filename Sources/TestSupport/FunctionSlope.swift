/// A gradient against differences of the function itself, run again in Float.
///
/// A replay follows the recorded graph, in which a detached value is a constant: it cannot tell a value detached by mistake from a
/// constant. Running the function again can, at the accuracy of Float.
package enum FunctionSlope {
  /// With h = 2e-3 and values of order 10 rounding is about 10·6e-8·√n/h, below one percent of a slope of order 1; a missing path is of
  /// order 1.
  package static let tolerance = 0.03

  /// `|g·d - (s(x + hd) - s(x - hd)) / 2h| / |g·d|` along half the gradient and half a fixed pattern of signs.
  /// - Parameters:
  ///   - gradient: the gradient `g` under test, flat.
  ///   - scalar: the function at the point displaced by these numbers.
  package static func error(of gradient: [Double], scalar: ([Float]) -> Double) -> Double {
    let h = 2e-3
    let largest = gradient.reduce(1e-12) { max($0, abs($1)) }
    let direction = gradient.enumerated().map { index, slope in
      let sign: Double = (index &* 2_654_435_761) >> 13 & 1 == 0 ? 0.5 : -0.5
      return slope / largest + sign
    }
    let expected = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
    let width = scalar(direction.map { Float(h * $0) }) - scalar(direction.map { Float(-h * $0) })
    return abs(width / (2 * h) - expected) / max(abs(expected), 0.05)
  }
}
