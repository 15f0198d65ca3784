import Adversarial
import Images
import Kernels
import Testing

@testable import Toy

@Suite(.serialized) struct PlaneGameTests {
  static func game(_ loss: any Divergence, terms: [any Term] = [], lr: Float = 1e-3, fallingOver steps: Int? = nil) throws -> PlaneGame {
    var options = PointGANOptions()
    options.objective = Objective(loss, terms: terms)
    if let steps { options.objective.schedule = try schedules.parse("linear:over=\(steps)") }
    options.learningRate = lr
    return PlaneGame(try PointGAN(options, data: PlaneGame.format), for: .ring, batch: 128, seed: 1)
  }

  @Test func `a short training finds modes that the first generator has not, and one without steps does not`() throws {
    let terms = [PointGANOptions.flatness]
    let game = try Self.game(Relativistic(), terms: terms, lr: 4e-3, fallingOver: 800)
    let before = game.coverage
    let result = game.play(steps: 800)
    // Points around the centre touch some modes by chance.
    #expect(before.covered <= 4 && before.quality < 0.1, "\(before)")
    #expect(result.coverage.covered == 8 && result.coverage.quality > 0.5, "\(result.coverage)")
    // The control: the same game at a step size of 0.
    let control = try Self.game(Relativistic(), terms: terms, lr: 0, fallingOver: 800)
    #expect(control.play(steps: 20).coverage == before)
  }

  @Test func `equal seeds give equal points on any number of threads, others do not`() throws {
    let threads = Workers.threads
    defer { Workers.start(threads: threads) }
    func outcome(_ seed: UInt64) throws -> [Float] {
      var options = PointGANOptions()
      options.objective = Objective(Hinge(), terms: [RealSlopes()])
      let training = PointTraining(
        try PointGAN(options, data: PlaneGame.format), seed: seed, batch: 64, points: PointSet.grid.points)
      for _ in 0..<5 { #expect(training.performStep() == nil) }
      return training.samples(50)
    }
    Workers.start(threads: 1)
    let alone = try outcome(1)
    Workers.start(threads: 3)
    #expect(try outcome(1) == alone)
    #expect(try outcome(2) != alone)
  }

  @Test(arguments: divergences.common.map(\.card.name))
  func `every loss plays, and its picture shows both kinds of points`(name: String) throws {
    let game = try Self.game(divergences.parse(name))
    let result = game.play(steps: 3)
    #expect(result.failure == nil)
    let picture = game.picture(side: 64)
    let pixels = (0..<(64 * 64)).map { place in (0..<3).map { picture[x: place % 64, y: place / 64, channel: $0] } }
    #expect(pixels.contains([0, 0, 0]) && pixels.contains([0, 150, 40]))
    #expect(pixels.contains { $0 != [0, 0, 0] && $0 != [0, 150, 40] && $0 != [255, 255, 255] }, "no shades of the critic")
  }

  /// Points have no classes, no codes and no further streams.
  static let plainTerms = terms.entries.filter { $0.needs.isSubset(of: [.features]) && $0.stream == nil }.map(\.card.name)

  @Test(arguments: plainTerms)
  func `every term that takes logits plays on points`(name: String) throws {
    let game = try Self.game(Hinge(), terms: [terms.parse(name)])
    #expect(game.play(steps: 2).failure == nil)
  }

  @Test func `a game ends at the first loss that is no number`() throws {
    let game = try Self.game(KullbackLeibler(), lr: 1)
    let result = game.play(steps: 200)
    let failure = try #require(result.failure)
    #expect(failure.step < 200 && ["discriminator", "generator"].contains(failure.loss))
  }
}
