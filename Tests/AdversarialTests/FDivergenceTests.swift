import Foundation
import Tensors
import TestSupport
import Testing

@testable import Adversarial

/// The f-GAN family against mathematics: bounds at the best critic, and Fenchel's inequality everywhere else.
@Suite struct FDivergenceTests {
  /// Every member in every form; the generator's objective does not matter here.
  static let members: [any FDivergence] = DivergenceForms.all.compactMap { text in
    text.contains("generator=") && !text.contains("pi=") && !text.contains("alpha=")
      ? nil : (try? divergences.parse(text)) as? any FDivergence
  }

  /// A normal distribution.
  struct Gaussian: Sendable, CustomTestStringConvertible {
    let mean: Double
    let deviation: Double
    var testDescription: String { "N(\(mean), \(deviation)²)" }
    func density(_ x: Double) -> Double {
      let z = (x - mean) / deviation
      return exp(-z * z / 2) / (deviation * (2 * Double.pi).squareRoot())
    }
    func logarithm(_ x: Double) -> Double {
      let z = (x - mean) / deviation
      return -z * z / 2 - log(deviation * (2 * Double.pi).squareRoot())
    }
  }

  /// Pairs for which every member is finite, with tails that are over at ±14.
  static let pairs = [
    (Gaussian(mean: 0, deviation: 1), Gaussian(mean: 0.5, deviation: 1.1)),
    (Gaussian(mean: -0.3, deviation: 1), Gaussian(mean: 0.6, deviation: 1)),
    (Gaussian(mean: 0.2, deviation: 0.9), Gaussian(mean: 0.2, deviation: 1)),
  ]

  /// The function's numbers in Double: of its recorded graph, replayed.
  static func evaluated(_ points: [Double], _ function: (Tensor) -> Tensor) -> [Double] {
    Observation.observing(GraphKeeper()) {
      Replay(of: function(Tensor(points.map { Float($0) }, shape: [points.count]).asLeaf())).value.values
    }
  }

  /// `∫ body(x) dx` by the trapezoidal rule, whose error is far below 1e-10, and 1e-7 for total variation, which has kinks.
  static let grid = (0...14_000).map { Double($0) / 500 - 14 }
  static func integral(_ values: [Double]) -> Double { values.reduce(0, +) / 500 }

  @Test func `all twelve rows of the paper's tables are members`() {
    #expect(Set(Self.members.map(\.card.name)).count == 11)
    #expect(Self.members.contains { $0.text.contains("alpha=-1.5") } && Self.members.contains { $0.text.contains("alpha=2") })
  }

  @Test(arguments: pairs) func `the bound at the best critic is the divergence of two Gaussians`(_ p: Gaussian, _ q: Gaussian) {
    var largest = 0.0
    for member in Self.members {
      let outputs = Self.grid.map { Self.bestOutput(member, exp(p.logarithm($0) - q.logarithm($0))) }
      let (g, c) = (Self.evaluated(outputs, member.activation), Self.evaluated(outputs, member.conjugate))
      let bound = Self.integral(Self.grid.indices.map { p.density(Self.grid[$0]) * g[$0] - q.density(Self.grid[$0]) * c[$0] })
      let defined = Self.integral(
        Self.grid.map { x in
          let value = member.value(exp(p.logarithm(x) - q.logarithm(x)))
          return q.density(x) * value
        })
      let expected = Self.analytic(member, p, q) ?? defined
      #expect(abs(defined - expected) < 5e-7 * max(1, expected), "\(member.text): integral \(defined), analytic \(expected)")
      #expect(abs(bound - expected) < 1e-6 * max(1, expected), "\(member.text): bound \(bound), divergence \(expected)")
      largest = max(largest, abs(bound - expected))
    }
    print("bounds of \(Self.members.count) f-divergences at the best critic: largest error \(largest)")
  }

  /// The best critic's output; that of total variation is infinite, which 30 is to tanh.
  static func bestOutput(_ member: any FDivergence, _ ratio: Double) -> Double {
    let best = member.optimalOutput(ratio)
    return best.isInfinite ? (best > 0 ? 30 : -30) : best
  }

  /// Divergences of Gaussians that have a closed form.
  static func analytic(_ member: any FDivergence, _ p: Gaussian, _ q: Gaussian) -> Double? {
    func kl(_ a: Gaussian, _ b: Gaussian) -> Double {
      let shift = a.mean - b.mean
      return log(b.deviation / a.deviation) + (a.deviation * a.deviation + shift * shift) / (2 * b.deviation * b.deviation) - 0.5
    }
    /// `∫ p^a q^(1-a)`.
    func overlap(_ a: Double) -> Double {
      let (v, w) = (p.deviation * p.deviation, q.deviation * q.deviation)
      let mixed = (1 - a) * v + a * w
      let shift = p.mean - q.mean
      return pow(p.deviation, 1 - a) * pow(q.deviation, a) / mixed.squareRoot() * exp(-a * (1 - a) * shift * shift / (2 * mixed))
    }
    switch member {
    case is KullbackLeibler: return kl(p, q)
    case is ReverseKullbackLeibler: return kl(q, p)
    case is Jeffreys: return kl(p, q) + kl(q, p)
    case is Pearson: return overlap(2) - 1
    case is Neyman: return overlap(-1) - 1
    case is Hellinger: return 2 - 2 * overlap(0.5)
    case let alpha as AlphaDivergence:
      let a = Double(alpha.alpha)
      return (overlap(a) - 1) / (a * (a - 1))
    case is TotalVariation where p.deviation == q.deviation:
      return erf(abs(p.mean - q.mean) / (2 * 2.0.squareRoot() * p.deviation))
    default: return nil
    }
  }

  @Test func `no critic's bound is above the divergence, and the best one's equals it, on a grid of outputs and ratios`() {
    let ratios = (-24...24).map { exp(Double($0) / 4) }
    let outputs = (-60...60).map { Double($0) / 4 }
    for member in Self.members {
      let (g, c) = (Self.evaluated(outputs, member.activation), Self.evaluated(outputs, member.conjugate))
      for ratio in ratios {
        let value = member.value(ratio)
        for index in outputs.indices {
          // Constants such as ln 2 are Floats in the loss.
          let scale = 1 + abs(value) + abs(c[index]) + abs(ratio * g[index])
          let gap = value + c[index] - ratio * g[index]
          #expect(gap > -2e-7 * scale, "\(member.text): output \(outputs[index]), ratio \(ratio): \(gap)")
        }
        let best = Self.bestOutput(member, ratio)
        let (top, conjugate) = (Self.evaluated([best], member.activation)[0], Self.evaluated([best], member.conjugate)[0])
        let scale = 1 + abs(value) + abs(conjugate) + abs(ratio * top)
        #expect(abs(value + conjugate - ratio * top) < 2e-6 * scale, "\(member.text): best output \(best) at ratio \(ratio)")
      }
    }
  }

  @Test func `activations grow with the output, and the threshold is f'(1)`() throws {
    let outputs = (-40...40).map { Double($0) / 4 }
    for member in Self.members {
      let g = Self.evaluated(outputs, member.activation)
      for (low, high) in zip(g, g.dropFirst()) { #expect(low < high, "\(member.text)") }
      let slope = (member.value(1 + 1e-6) - member.value(1 - 1e-6)) / 2e-6
      let threshold = try #require(member.threshold)
      #expect(abs(Self.evaluated([Double(threshold)], member.activation)[0] - slope) < 1e-6, "\(member.text): \(threshold)")
    }
  }

  @Test func `divergences of equal distributions are zero`() {
    for member in Self.members where !(member is OriginalGame) {
      #expect(abs(member.value(1)) < 1e-12, "\(member.text)")
    }
    #expect(abs(OriginalGame().value(1) + 2 * log(2)) < 1e-12)
  }
}
