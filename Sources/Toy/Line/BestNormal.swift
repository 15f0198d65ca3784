public import Adversarial
import Glibc

/// A normal distribution.
public struct NormalFit: Sendable, Equatable {
  /// Mean μ.
  public var mean: Double
  /// Deviation σ.
  public var deviation: Double

  /// N(mean, deviation²).
  public init(mean: Double, deviation: Double) {
    self.mean = mean
    self.deviation = deviation
  }
}

/// `D_f(P‖Q) = ∫ q f(p/q) dx` between a mixture P and normal distributions Q, by the trapezoidal rule.
///
/// The rule reaches the accuracy of Double for smooth integrands that vanish at both ends; for total variation, which has kinks, its error
/// is of the order of the square of the step.
public struct DivergenceQuadrature {
  private static let step = 0.02
  private let mixture: NormalMixture
  /// Places x with `ln p(x)`.
  private let places: [(x: Double, logDensity: Double)]

  /// Quadrature over fifteen deviations to both sides of the mixture's mean.
  public init(_ mixture: NormalMixture) {
    self.mixture = mixture
    let count = Int(15 * mixture.deviation / Self.step)
    places = (-count...count).map { index in
      let x = mixture.mean + Double(index) * Self.step
      return (x, mixture.logDensity(x))
    }
  }

  /// `D_f(P‖fit)`, infinite or no number where it does not exist.
  public func divergence(_ member: any FDivergence, _ fit: NormalFit) -> Double {
    var sum = 0.0
    for place in places {
      // Far outside both are 0 in Double; their quotient must still be a number.
      let q = max(normalLogDensity(place.x, mean: fit.mean, deviation: fit.deviation), -600)
      sum += exp(q) * member.value(exp(max(place.logDensity, -600) - q))
    }
    return sum * Self.step
  }

  /// The normal distribution of least divergence, and that divergence.
  ///
  /// The best of a coarse grid, then a compass search in (μ, ln σ), whose steps shrink to 1e-6: for reverse KL there may be several
  /// local minima, and no derivative is needed.
  public func minimiser(_ member: any FDivergence) -> (fit: NormalFit, divergence: Double) {
    var best = (fit: NormalFit(mean: mixture.mean, deviation: mixture.deviation), divergence: Double.infinity)
    func improve(mean: Double, logDeviation: Double) -> Bool {
      let fit = NormalFit(mean: mean, deviation: exp(logDeviation))
      let value = divergence(member, fit)
      guard value < best.divergence else { return false }
      best = (fit, value)
      return true
    }
    for column in -8...8 {
      for row in -6...4 {
        _ = improve(mean: mixture.mean + Double(column) * mixture.deviation / 4, logDeviation: log(mixture.deviation) + Double(row) / 5)
      }
    }
    var step = 0.2
    while step > 1e-6 {
      let (mean, logDeviation) = (best.fit.mean, log(best.fit.deviation))
      let hasImproved = [(1.0, 0.0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)].reduce(false) { found, direction in
        improve(mean: mean + step * direction.0, logDeviation: logDeviation + step * direction.1) || found
      }
      if !hasImproved { step /= 2 }
    }
    return best
  }
}
