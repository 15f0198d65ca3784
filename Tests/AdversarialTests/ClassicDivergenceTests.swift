import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@testable import Adversarial

/// The divergences outside of the f-GAN family against mathematics: what the best critic's loss is between two Gaussians, in closed form or by
/// its definition, that no other critic has a lower one, and that estimates over pairs have the right expectation.
@Suite struct ClassicDivergenceTests {
  typealias Gaussian = FDivergenceTests.Gaussian

  /// A loss `E A(r) + E B(f)` whose best output at each place is known.
  struct Additive {
    let loss: any Divergence
    /// The best output where the densities are p and q.
    let best: (_ p: Double, _ q: Double) -> Double
    /// The least loss, as an integral over this.
    let least: (_ p: Double, _ q: Double) -> Double
  }

  /// Jensen-Shannon's integrand twice, `p ln(2p/(p+q)) + q ln(2q/(p+q))`.
  static func jensenShannon(_ p: Double, _ q: Double) -> Double { p * log(2 * p / (p + q)) + q * log(2 * q / (p + q)) }

  private static func leastSquares(_ a: Float, _ b: Float, _ c: Float) -> Additive {
    Additive(
      loss: LeastSquares(a: a, b: b, c: c), best: { (Double(b) * $0 + Double(a) * $1) / ($0 + $1) },
      least: { 0.5 * Double((b - a) * (b - a)) * $0 * $1 / ($0 + $1) })
  }

  private static func logistic(_ loss: any Divergence, _ factor: Double) -> Additive {
    Additive(loss: loss, best: { log($0 / $1) }, least: { factor * (log(2) * ($0 + $1) - jensenShannon($0, $1)) })
  }

  /// Every loss that is additive in the critic's outputs, beside Wasserstein's, whose critic must be Lipschitz.
  static var additive: [Additive] {
    var energy = EnergyMargin()
    energy.margin = 1.5
    return [
      logistic(Minimax(), 1), logistic(NonSaturating(), 1), logistic(CriticAlone(), 0.5), leastSquares(0, 1, 1), leastSquares(-1, 1, 0),
      // `2 - 2 TV`: what both densities cover, twice.
      Additive(loss: Hinge(), best: { $0 > $1 ? 1 : -1 }, least: { 2 * min($0, $1) }),
      // The paper's lemma 1: the best energy is 0 or the margin.
      Additive(loss: energy, best: { $0 > $1 ? 0 : 1.5 }, least: { 1.5 * min($0, $1) }),
    ]
  }

  /// Pairs of one deviation cross at a place of the grid, 0.1, where the losses with kinks have theirs.
  static let pairs = [(Gaussian(mean: -0.3, deviation: 1), Gaussian(mean: 0.5, deviation: 1))]
  static let grid = (0...480).map { Double($0) / 20 - 12 }
  static func integral(_ values: [Double]) -> Double { values.reduce(0, +) / 20 }

  /// The critic's loss in Double at single outputs.
  static func value(_ loss: any Divergence, real: Double, fake: Double) -> Double {
    FDivergenceTests.evaluated([real, fake]) { both in
      let parts = (both.slice(axis: 0, 0..<1), both.slice(axis: 0, 1..<2))
      return loss.criticLoss(real: parts.0.reshaped([1, 1]), fake: parts.1.reshaped([1, 1])).reshaped([1])
    }[0]
  }

  /// A and B at outputs; their sum is right, and each up to a constant.
  static func parts(_ loss: any Divergence, _ outputs: [Double]) -> (real: [Double], fake: [Double]) {
    let start = value(loss, real: 0, fake: 0)
    return (outputs.map { value(loss, real: $0, fake: 0) }, outputs.map { value(loss, real: 0, fake: $0) - start })
  }

  @Test(arguments: pairs) func `the best critic's loss is the divergence of two Gaussians`(_ p: Gaussian, _ q: Gaussian) {
    var largest = 0.0
    let densities = Self.grid.map { (p: p.density($0), q: q.density($0)) }
    for member in Self.additive {
      let (a, b) = Self.parts(member.loss, densities.map { member.best($0.p, $0.q) })
      let found = Self.integral(densities.indices.map { densities[$0].p * a[$0] + densities[$0].q * b[$0] })
      let expected = Self.integral(densities.map { member.least($0.p, $0.q) })
      #expect(abs(found - expected) < 1e-6, "\(member.loss.text): \(found), divergence \(expected)")
      largest = max(largest, abs(found - expected))
    }
    // One of them in closed form: total variation of two Gaussians of deviation 1. The rule's error at a kink is of the order of a step's square.
    let hinge = Self.integral(densities.map { 2 * min($0.p, $0.q) })
    #expect(abs(hinge - 2 * (1 - erf(0.8 / (2 * 2.0.squareRoot())))) < 2.5e-4)
    print("\(Self.additive.count) additive losses at the best critic: largest error \(largest)")
  }

  @Test func `no other output has a lower loss, at any ratio of densities`() {
    let outputs = (-30...30).map { Double($0) / 5 }
    for member in Self.additive {
      let tried = member.loss.input == .energy ? outputs.filter { $0 >= 0 } : outputs
      let (a, b) = Self.parts(member.loss, tried)
      for ratio in (-8...8).map({ exp(Double($0) / 2) }) {
        let (best, other) = Self.parts(member.loss, [member.best(ratio, 1)])
        let least = ratio * best[0] + other[0]
        for index in tried.indices {
          #expect(ratio * a[index] + b[index] > least - 1e-6 * (1 + ratio), "\(member.loss.text): \(tried[index]) at ratio \(ratio)")
        }
      }
    }
  }

  @Test func `least squares with a = -1, b = 1, c = 0 leaves Pearson's chi-squared to the generator`() {
    let (p, q) = Self.pairs[0]
    let loss = LeastSquares(a: -1, b: 1, c: 0)
    func generatorLoss(_ output: Double) -> Double {
      FDivergenceTests.evaluated([output]) { loss.generatorLoss(real: nil, fake: $0.reshaped([1, 1])).reshaped([1]) }[0]
    }
    // The paper adds the same square over real images, which does not depend on the generator.
    let sum = Self.integral(
      Self.grid.map { x in
        let (p, q) = (p.density(x), q.density(x))
        return (p + q) * generatorLoss((p - q) / (p + q))
      })
    let expected = Self.integral(
      Self.grid.map { x in
        let (p, q) = (p.density(x), q.density(x))
        return 0.5 * (2 * q - (p + q)) * (2 * q - (p + q)) / (p + q)
      })
    #expect(abs(sum - expected) < 1e-6, "\(sum), chi-squared \(expected)")
  }

  @Test func `Wasserstein's loss is minus the shift of two distributions for the best critic, and more for other Lipschitz ones`() {
    let (p, shift) = (Gaussian(mean: 0, deviation: 1), 0.8)
    func loss(_ critic: (Double) -> Double) -> Double {
      Self.integral(Self.grid.map { p.density($0) * Self.value(Wasserstein(), real: critic($0), fake: critic($0 - shift)) })
    }
    #expect(abs(loss { $0 } + shift) < 1e-6)
    for critic in [{ sin($0) }, { tanh($0) }, { abs($0) }, { -$0 }, { max($0, 0) }] as [(Double) -> Double] {
      #expect(loss(critic) > -shift - 1e-9)
    }
  }

  @Test func `estimates over pairs have the expectations that Gaussians give them`() {
    // Features of one number: real N(0, 1), generated N(0.7, 1.5²), a batch of 8. With the diagonal the estimates would be off by a tenth.
    let (count, rounds, shift, deviation) = (8, 6000, 0.7, 1.5)
    func mean(_ estimate: (Tensor, Tensor) -> Tensor) -> (mean: Double, error: Double) {
      let values = (0..<rounds).map { round -> Double in
        func drawn(_ purpose: UInt64) -> Tensor {
          Tensor.normal([count, 1], key: RandomKey(seed: 8, purpose: purpose, step: UInt64(round)))
        }
        return Double(estimate(drawn(1), drawn(2) * Float(deviation) + Float(shift)).scalar)
      }
      let mean = values.reduce(0, +) / Double(rounds)
      let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(rounds - 1)
      return (mean, (variance / Double(rounds)).squareRoot())
    }
    /// `E exp(-d²/2s²)` for a difference d of N(m, v), summed over the widths.
    func similarity(_ m: Double, _ v: Double) -> Double {
      [1.0, 2, 4, 8, 16].map { s in s / (s * s + v).squareRoot() * exp(-m * m / (2 * (s * s + v))) }.reduce(0, +)
    }
    /// `E|d|` of the same.
    func length(_ m: Double, _ v: Double) -> Double {
      (2 * v / Double.pi).squareRoot() * exp(-m * m / (2 * v)) + m * erf(m / (2 * v).squareRoot())
    }
    var gaussian = MaximumMeanDiscrepancy()
    gaussian.kernel = .gaussian
    let (own, other, both) = (2.0, 2 * deviation * deviation, 1 + deviation * deviation)
    let discrepancy = similarity(0, own) + similarity(0, other) - 2 * similarity(shift, both)
    let found = mean { gaussian.generatorLoss(real: $0, fake: $1) }
    #expect(abs(found.mean - discrepancy) < 4 * found.error && found.error < 0.02, "MMD² \(found), expected \(discrepancy)")
    let energy = mean { Cramer().generatorLoss(real: $0, fake: $1) }
    let expected = 2 * length(shift, both) - length(0, other)
    #expect(abs(energy.mean - expected) < 4 * energy.error && energy.error < 0.02, "energy distance \(energy), expected \(expected)")
    print("MMD² \(found.mean) for \(discrepancy), energy distance \(energy.mean) for \(expected); errors \(found.error), \(energy.error)")
  }
}
