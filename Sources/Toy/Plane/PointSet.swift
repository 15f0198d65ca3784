public import Adversarial
import Glibc
public import Kernels
public import Tensors

/// Distributions of points in the plane on which one sees what a game does: which modes its generator finds, and how sharply.
///
/// Every set has K modes of equal probability and normal noise of one `deviation` around them:
/// - `ring`: eight points on the unit circle;
/// - `grid`: 25 points, 1 apart, in [-2, 2];
/// - `swiss-roll`: the spiral `t (cos t, sin t) / 4.5π`, t uniform in [1.5π, 4.5π], whose arms are 4/9 apart. Its modes are twenty pieces
///   of equal probability.
/// - Source: ring and grid: Srivastava et al. 2017, "VEEGAN", https://arxiv.org/abs/1705.07761; the roll: Gulrajani et al. 2017, "Improved
///   Training of Wasserstein GANs", https://arxiv.org/abs/1704.00028. Sizes and deviations are ours.
public enum PointSet: String, OptionWord, Sendable {
  case ring
  case grid
  case swissRoll = "swiss-roll"

  /// Number of modes K.
  public var modes: Int {
    switch self {
    case .ring: 8
    case .grid: 25
    case .swissRoll: 20
    }
  }

  /// Deviation of the noise along each axis.
  public var deviation: Float {
    switch self {
    case .ring, .grid: 0.05
    case .swissRoll: 0.025
    }
  }

  /// Half of the side of the square that pictures show.
  var extent: Float { self == .grid ? 2.5 : 1.5 }

  /// One line for people.
  public var summary: String {
    switch self {
    case .ring: "eight Gaussians on a circle of radius 1, deviation \(deviation)"
    case .grid: "25 Gaussians 1 apart, deviation \(deviation)"
    case .swissRoll: "a spiral of three half turns, deviation \(deviation); its modes are twenty pieces"
    }
  }

  /// The noiseless point of `u` in [0, 1); mode k holds u from k/K to (k + 1)/K.
  func skeleton(_ u: Float) -> (x: Float, y: Float) {
    let mode = min(Int(u * Float(modes)), modes - 1)
    switch self {
    case .ring:
      let angle = Float(mode) * .pi / 4
      return (cos(angle), sin(angle))
    case .grid: return (Float(mode % 5) - 2, Float(mode / 5) - 2)
    case .swissRoll:
      let t = 1.5 * Float.pi * (1 + 2 * u)
      return (t * cos(t) / (4.5 * .pi), t * sin(t) / (4.5 * .pi))
    }
  }

  /// Points of the distribution as images of one pixel with two channels, `[batch, 1, 1, 2]`: what terms and critics take.
  ///
  /// Row i is a function of `key` and the global sample index only.
  public func points(_ key: RandomKey, _ layout: BatchLayout) -> Tensor {
    let places = Tensor.uniform([layout.count, 1], key: key.splitting("place"), layout: layout).values
    let noise = Tensor.normal([layout.count, 2], key: key.splitting("noise"), layout: layout).values
    let values = places.enumerated().flatMap { row, u in
      let point = skeleton(u)
      return [point.x + deviation * noise[2 * row], point.y + deviation * noise[2 * row + 1]]
    }
    return Tensor(rows: values, shape: [layout.count, 1, 1, 2], layout: layout)
  }

  /// The modes' places with the modes' numbers: centres, or many points of the spiral.
  var landmarks: [(x: Float, y: Float, mode: Int)] {
    let perMode = self == .swissRoll ? 60 : 1
    return (0..<(modes * perMode)).map { index in
      let point = skeleton((Float(index) + 0.5) / Float(modes * perMode))
      return (point.x, point.y, index / perMode)
    }
  }
}

extension RandomKey {
  /// A stream of its own below this one.
  func splitting(_ purpose: String) -> RandomKey {
    RandomKey(seed: seed, purpose: self.purpose ^ textHash(purpose), step: step)
  }
}
