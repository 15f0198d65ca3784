import Foundation
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

@testable import Adversarial

/// What a critic says under a loss of features, and the slopes that terms hold it to, against plain loops.
@Suite struct WitnessTests {
  /// A critic whose features are the pixels, and whose logits nobody trains.
  private let tests = HealthTests()

  private func length(_ x: [Double]) -> Double { x.map { $0 * $0 }.reduce(0, +).squareRoot() }

  /// The slope of Cramér's witness: `E_j (x - fⱼ)/‖x - fⱼ‖ - x/‖x‖`.
  private func slope(_ x: [Double], _ fake: [[Double]]) -> [Double] {
    var sum = x.map { -$0 / length(x) * Double(fake.count) }
    for f in fake {
      let away = zip(x, f).map { $0 - $1 }
      for axis in x.indices { sum[axis] += away[axis] / length(away) }
    }
    return sum.map { $0 / Double(fake.count) }
  }

  /// Images as rows of pixels.
  private func rows(_ images: Tensor) -> [[Double]] {
    let values = images.values.map(Double.init)
    return (0..<6).map { Array(values[$0 * 4..<$0 * 4 + 4]) }
  }

  @Test func `slopes of Cramér's critic are those of its witness, in terms and in health`() throws {
    func critic(_ terms: [any Term]) throws -> (loss: Float, reports: [String: Float], health: Health, fake: [[Double]]) {
      let game = try tests.linear(Cramer(), terms: terms).game
      let context = tests.context("discriminator")
      let loss = game.phases[0].loss(context).scalar
      let fake = rows(game.sample(SampleRequest(latent: context.normalLatent(3, "latent"), labels: nil)))
      let reports = Dictionary(uniqueKeysWithValues: context.reports.map { ($0.name, $0.value.scalar) })
      return (loss, reports, game.health(context), fake)
    }
    var term = RealSlopes()
    term.gamma = 3
    let (plain, held) = (try critic([]), try critic([term]))
    let real = rows(tests.images)
    let squares = real.map { length(slope($0, held.fake)) }.map { $0 * $0 }
    let expected = 1.5 * squares.reduce(0, +) / 6
    #expect(abs(Double(held.loss - plain.loss) - expected) < 1e-4 * expected, "\(held.loss - plain.loss), expected \(expected)")
    let mean = squares.map { $0.squareRoot() }.reduce(0, +) / 6
    #expect(abs(Double(held.health.slopes.real ?? 0) - mean) < 1e-4, "\(held.health.slopes), expected \(mean)")
    // What the log calls the witness: its mean over real images.
    let witness = real.map { x in held.fake.map { f in length(zip(x, f).map { $0 - $1 }) }.reduce(0, +) / 6 - length(x) }
    #expect(abs(Double(held.reports["real witness"] ?? 0) - witness.reduce(0, +) / 6) < 1e-5)
  }

  @Test func `the difference of MMD's witness between the means of both kinds is the estimate with the diagonal`() throws {
    func drawn(_ purpose: UInt64) -> Tensor { Tensor.normal([5, 3], key: RandomKey(seed: 1, purpose: purpose, step: 0)) }
    let (real, fake) = (drawn(1), drawn(2) * 2)
    let loss = MaximumMeanDiscrepancy()
    let (atReal, atFake) = (loss.witness(real, real: real, fake: fake), loss.witness(fake, real: real, fake: fake))
    #expect(atReal.shape == [5, 1] && atReal.mean().scalar > atFake.mean().scalar)
    // Each of five kernels is 1 for equal features: n/(n - 1) off-diagonal means and 5/n on the diagonals.
    let estimate = loss.generatorLoss(real: real, fake: fake).scalar
    var cross = 0.0
    let (r, f) = (real.values.map(Double.init), fake.values.map(Double.init))
    for i in 0..<5 {
      for j in 0..<5 {
        let square = (0..<3).map { (r[i * 3 + $0] - f[j * 3 + $0]) * (r[i * 3 + $0] - f[j * 3 + $0]) }.reduce(0, +)
        cross += [0.2, 0.5, 1, 2, 5].map { pow(1 + square / (2 * $0), -$0) }.reduce(0, +) / 25
      }
    }
    let expected = (Double(estimate) + 2 * cross) * 4 / 5 + 2 * 5 / 5 - 2 * cross
    #expect(abs(Double(atReal.mean().scalar - atFake.mean().scalar) - expected) < 1e-5)
  }
}
