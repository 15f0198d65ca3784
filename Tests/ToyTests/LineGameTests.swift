import Adversarial
import Foundation
import Testing

@testable import Toy

@Suite struct LineGameTests {
  let mixture = NormalMixture.skewed

  @Test func `the mixture has its moments, and the best fits lie where divergences and the variances of their estimates are finite`() {
    #expect(abs(mixture.mean - 0.375) < 1e-12 && abs(mixture.deviation - 2.3125.squareRoot()) < 1e-12)
    let widest = mixture.components.map { $0.deviation * $0.deviation }.max() ?? 0
    for member in LineGame.members {
      let deviation = DivergenceQuadrature(mixture).minimiser(member).fit.deviation
      let bound = member is Neyman ? 1.5 * widest : 2 * widest
      #expect(deviation * deviation < bound && deviation * deviation > widest / 2, "\(member.card.name): \(deviation)")
    }
  }

  @Test func `Kullback-Leibler's minimiser matches moments`() {
    // d/dθ of E ln q is 0 exactly where mean and variance are those of the mixture.
    let (fit, _) = DivergenceQuadrature(mixture).minimiser(KullbackLeibler())
    #expect(abs(fit.mean - mixture.mean) < 1e-5 && abs(fit.deviation - mixture.deviation) < 1e-5, "\(fit)")
  }

  @Test(arguments: LineGame.members.map(\.card.name))
  func `every divergence of a normal distribution is least, and 0, at that distribution`(name: String) throws {
    let normal = NormalMixture([.init(share: 1, mean: 0.7, deviation: 1.3)])
    let member = try #require(try divergences.parse(name) as? any FDivergence)
    let (fit, least) = DivergenceQuadrature(normal).minimiser(member)
    // The original game is 2 JS - 2 ln 2. Total variation grows as the distance itself, all others as its square: a fit known to 1e-6
    // leaves 1e-6 of the former.
    let expected = name == "gan" ? -2 * M_LN2 : 0
    #expect(abs(least - expected) < 1e-5, "least \(least)")
    #expect(abs(fit.mean - 0.7) < 1e-4 && abs(fit.deviation - 1.3) < 1e-4, "\(fit)")
  }

  @Test func `quadrature gives the closed form between two normal distributions`() {
    let quadrature = DivergenceQuadrature(NormalMixture([.init(share: 1, mean: 0, deviation: 1)]))
    let fit = NormalFit(mean: 0.5, deviation: 1.5)
    // KL(N(m, s²) ‖ N(n, t²)) = ln(t/s) + (s² + (m - n)²) / 2t² - 1/2.
    let forward = log(1.5) + (1 + 0.25) / (2 * 2.25) - 0.5
    let reverse = -log(1.5) + (2.25 + 0.25) / 2 - 0.5
    #expect(abs(quadrature.divergence(KullbackLeibler(), fit) - forward) < 1e-9)
    #expect(abs(quadrature.divergence(ReverseKullbackLeibler(), fit) - reverse) < 1e-9)
    #expect(abs(quadrature.divergence(Jeffreys(), fit) - forward - reverse) < 1e-9)
  }

  @Test func `the minimiser is no worse than its neighbours`() {
    let quadrature = DivergenceQuadrature(mixture)
    for member in LineGame.members {
      let (fit, least) = quadrature.minimiser(member)
      for (mean, deviation) in [(1e-3, 0.0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)] {
        let other = quadrature.divergence(member, NormalFit(mean: fit.mean + mean, deviation: fit.deviation + deviation))
        #expect(other > least, "\(member.card.name): \(other) below \(least)")
      }
    }
  }

  @Test func `a short fit comes near to the minimiser, and one of step size 0 does not`() throws {
    func play(_ rate: Float) throws -> LineGame.Result {
      let member = LineGame.minimising(KullbackLeibler())
      var options = LineGANOptions()
      options.objective = Objective(member)
      options.learningRate = rate
      return LineGame.play(try LineGAN(options, data: LineGame.format), member, mixture, steps: 400, batch: 256, seed: 1)
    }
    let result = try play(1e-2)
    #expect(abs(result.fitted.mean - 0.375) < 0.2 && abs(result.fitted.deviation - 2.3125.squareRoot()) < 0.2, "\(result.fitted)")
    #expect(result.divergence >= result.leastDivergence && result.divergence < result.leastDivergence + 0.02, "\(result.divergence)")
    let control = try play(0)
    #expect(control.fitted == NormalFit(mean: 0, deviation: 1))
  }
}
