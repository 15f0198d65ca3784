import Glibc
public import Kernels
public import Tensors

/// A mixture of normal distributions on the line.
public struct NormalMixture: Sendable {
  /// One normal distribution and its share of the mixture.
  public struct Component: Sendable {
    /// Share of the whole.
    public let share: Double
    /// Mean.
    public let mean: Double
    /// Deviation.
    public let deviation: Double

    /// N(mean, deviation²), `share` of the whole.
    public init(share: Double, mean: Double, deviation: Double) {
      self.share = share
      self.mean = mean
      self.deviation = deviation
    }
  }

  /// The parts; their shares add up to 1.
  public let components: [Component]

  /// A mixture of these parts.
  /// - Precondition: positive shares and deviations, shares of sum 1.
  public init(_ components: [Component]) {
    precondition(components.allSatisfy { $0.share > 0 && $0.deviation > 0 }, "NormalMixture: shares and deviations must be positive")
    precondition(abs(components.reduce(0) { $0 + $1.share } - 1) < 1e-9, "NormalMixture: shares must add up to 1")
    self.components = components
  }

  /// A quarter N(-1.5, 1.25²) and three quarters N(1, 1): skewed, with mean 0.375 and variance 2.3125.
  ///
  /// Our choice, so that every divergence has a best fit of its own that a game can find. Against N(m, s²) Neyman's ∫ q²/p exists while
  /// s² < 2·1.25², the variance of its estimate while s² < 1.5·1.25², and Pearson's ∫ p²/q while s² > 1.25²/2; their best fits lie within.
  /// Of modes farther apart (a third N(-1, 1), two thirds N(2, 1)) Neyman has none: the divergence falls up to the edge of its domain.
  public static let skewed = NormalMixture([
    Component(share: 0.25, mean: -1.5, deviation: 1.25), Component(share: 0.75, mean: 1, deviation: 1),
  ])

  /// `E x`.
  public var mean: Double { components.reduce(0) { $0 + $1.share * $1.mean } }

  /// `√(E x² - (E x)²)`.
  public var deviation: Double {
    let square = components.reduce(0) { $0 + $1.share * ($1.mean * $1.mean + $1.deviation * $1.deviation) }
    return (square - mean * mean).squareRoot()
  }

  /// `ln p(x)`, finite wherever x is.
  func logDensity(_ x: Double) -> Double {
    let terms = components.map { log($0.share) + normalLogDensity(x, mean: $0.mean, deviation: $0.deviation) }
    let largest = terms.max() ?? 0
    return largest + log(terms.reduce(0) { $0 + exp($1 - largest) })
  }

  /// Numbers of the mixture as images of one pixel, `[batch, 1, 1, 1]`; row i is a function of `key` and the global sample index only.
  public func points(_ key: RandomKey, _ layout: BatchLayout) -> Tensor {
    let places = Tensor.uniform([layout.count, 1], key: key.splitting("place"), layout: layout).values
    let noise = Tensor.normal([layout.count, 1], key: key.splitting("noise"), layout: layout).values
    let values = zip(places, noise).map { place, noise in
      var rest = Double(place)
      let component = components.first { part in
        rest -= part.share
        return rest < 0
      }
      let chosen = component ?? components[components.count - 1]
      return Float(chosen.mean) + Float(chosen.deviation) * noise
    }
    return Tensor(rows: values, shape: [layout.count, 1, 1, 1], layout: layout)
  }
}

/// `ln N(x; mean, deviation²)`.
func normalLogDensity(_ x: Double, mean: Double, deviation: Double) -> Double {
  let z = (x - mean) / deviation
  return -z * z / 2 - log(deviation) - log(2 * .pi) / 2
}
