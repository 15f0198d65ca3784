import Adversarial
import Foundation
import Images
import Toy
import Training

/// Every loss of the catalogue in the plane, a row each.
struct ToyTable {
  private let set: PointSet
  private let numbers: RunDefaults
  private let seed: UInt64

  /// Games for `set`.
  init(_ set: PointSet, _ numbers: RunDefaults, seed: UInt64) {
    self.set = set
    self.numbers = numbers
    self.seed = seed
  }

  /// Losses whose default options are meant for images: a margin of 10 squared distances is far outside of the plane.
  private static let ownOptions = ["energy-margin": "energy-margin:margin=1"]
  /// What is played with when no terms are given: without terms, and with flat critics at real points.
  private static let usualTerms = ["none", PointGANOptions.flatness.text]

  /// `8 of 8 modes, quality 97 %, KL 0.0123`.
  static func words(_ coverage: ModeCoverage) -> String {
    String(
      format: "%d of %d modes, quality %3.0f %%, KL %.4f", coverage.covered, coverage.modes, coverage.quality * 100,
      coverage.divergence)
  }

  /// The game of a model.
  /// - Throws: `OptionError` when its options do not fit each other.
  static func game(_ model: any ConfiguredModel, _ set: PointSet, _ numbers: RunDefaults, seed: UInt64) throws -> PlaneGame {
    guard let plane = try model.build(PlaneGame.format) as? PointGAN else { preconditionFailure("toy: the model is a PointGAN") }
    return PlaneGame(plane, for: set, batch: numbers.batch, seed: seed)
  }

  /// Plays and prints.
  /// - Parameters:
  ///   - model: all options but the loss.
  ///   - own: the terms to play with; nil for none and R1.
  /// - Returns: a section of pictures for each loss, if there is an output.
  func play(_ model: any ConfiguredModel, own: String?, hasOutput: Bool) throws -> [Sheet.Section] {
    let choices = own.map { [$0] } ?? Self.usualTerms
    let names = divergences.common.map { Self.ownOptions[$0.card.name] ?? $0.card.name }
    let width = names.map(\.count).max() ?? 0
    let heading = "modes quality     KL      s"
    print("\n\(Text.left("", width))" + choices.map { "  " + Text.left($0 == "none" ? "alone" : $0, heading.count) }.joined())
    print("\(Text.left("loss", width))" + choices.map { _ in "  " + heading }.joined())
    var missing: [String: [String]] = [:]
    var played = 0
    var sections: [Sheet.Section] = []
    for name in names {
      print(Text.left(name, width), terminator: "")
      var pictures: [Picture] = []
      for terms in choices {
        var model = model
        try model.set("loss", to: name)
        try model.set("term", to: terms)
        let (cell, covers, picture) = try row(model, hasOutput)
        print("  " + Text.left(cell, heading.count), terminator: "")
        fflush(nil)
        if covers != nil { played += 1 }
        if covers == false { missing[terms, default: []].append(name) }
        if let picture { pictures.append(picture) }
      }
      print()
      if !pictures.isEmpty { sections.append(Sheet.Section(caption: name, pictures)) }
    }
    print("\n\(played - missing.values.reduce(0) { $0 + $1.count }) of \(played) games cover all \(set.modes) modes")
    for terms in choices {
      guard let names = missing[terms] else { continue }
      print("not all \(terms == "none" ? "alone" : "with \(terms)"): \(names.joined(separator: ", "))")
    }
    return sections
  }

  /// A cell of the table, whether all modes are covered (nil for a game that is refused), and the picture.
  private func row(_ model: any ConfiguredModel, _ hasOutput: Bool) throws -> (String, Bool?, Picture?) {
    let game: PlaneGame
    do {
      game = try Self.game(model, set, numbers, seed: seed)
    } catch is OptionError {
      return ("refused", nil, nil)
    }
    let result = game.play(steps: numbers.steps)
    let picture = hasOutput ? game.picture(side: 240) : nil
    if let failure = result.failure { return ("not finite at step \(failure.step)", false, picture) }
    let coverage = result.coverage
    let cell = String(
      format: "%2d/%-2d %5.1f %% %8.4f %6.1f", coverage.covered, coverage.modes, coverage.quality * 100, coverage.divergence,
      result.seconds)
    return (cell, coverage.covered == coverage.modes, picture)
  }
}
