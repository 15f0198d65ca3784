import Adversarial
import ArgumentParser
import Foundation
import Toy
import Training

extension ToyCommand {
  /// `toy univariate`.
  struct Univariate: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "univariate", abstract: "Fits a normal distribution to a mixture by each f-divergence, against the best fit.",
      usage: "dist-gan toy univariate [<options>]",
      discussion: """
        The univariate experiment of the f-GAN paper: a linear generator and a critic of two tanh layers of 64 units play for the bound of \
        each divergence. The best fit minimises the divergence itself, by numerical integration.

          dist-gan toy univariate --loss kl --loss pearson
        """)

    @Option(
      help: ArgumentHelp("A divergence of the f-GAN family; can be repeated (default: all).", valueName: "loss"), completion: .losses)
    var loss: [String] = []

    @Option(
      help: ArgumentHelp(
        "What is added to the losses, or none; can be repeated (default: \(LineGame.usualTerms(TotalVariation())) for total-variation).",
        valueName: "term"),
      completion: .terms)
    var term: [String] = []

    @OptionGroup var flags: Flags

    func run() throws {
      let members = try loss.isEmpty ? LineGame.members : loss.map(Self.member)
      var model = try ModelEntry(LineGAN.self).configured()
      try flags.apply(to: &model)
      let numbers = try flags.numbers(model)
      let mixture = NormalMixture.skewed
      let parts = mixture.components.map { String(format: "%.3f N(%g, %g)", $0.share, $0.mean, $0.deviation) }
      print("mixture \(parts.joined(separator: " + ")): " + String(format: "mean %.4f, deviation %.4f", mixture.mean, mixture.deviation))
      print("\(numbers.steps) steps of \(numbers.batch) points, seed \(flags.seed); the best fit by quadrature\n")
      let terms = members.map { term.isEmpty ? LineGame.usualTerms($0) : term.joined(separator: " ") }
      let names = zip(members, terms).map { member, terms in
        member.text.replacingOccurrences(of: "generator=non-saturating", with: "").trimmingCharacters(in: [":", ","])
          + (terms == "none" ? "" : " + \(terms)")
      }
      let width = max(10, names.map(\.count).max() ?? 0)
      print("\(Text.left("", width))   divergence      mean                      deviation")
      print("\(Text.left("", width))   fitted   least   fitted    best    diff   fitted    best    diff      s")
      var failures = 0
      for (index, name) in names.enumerated() {
        let member = LineGame.minimising(members[index])
        var model = model
        try model.set("loss", to: member.text)
        try model.set("term", to: terms[index])
        // The first half finds the place, the second one calms down.
        try model.set("schedule", to: "linear:after=\(numbers.steps / 2),over=\(max(1, numbers.steps - numbers.steps / 2))")
        guard let line = try model.build(LineGame.format) as? LineGAN else { preconditionFailure("toy: the model is a LineGAN") }
        let result = LineGame.play(line, member, mixture, steps: numbers.steps, batch: numbers.batch, seed: flags.seed)
        let (fitted, best) = (result.fitted, result.best)
        if let step = result.failure {
          failures += 1
          print("\(Text.left(name, width))  " + String(format: "        %7.4f  not finite at step %d", result.leastDivergence, step))
        } else {
          print(
            "\(Text.left(name, width))  "
              + String(
                format: "%7.4f %7.4f  %7.4f %7.4f %7.4f  %7.4f %7.4f %7.4f %6.1f", result.divergence, result.leastDivergence, fitted.mean,
                best.mean, fitted.mean - best.mean, fitted.deviation, best.deviation, fitted.deviation - best.deviation, result.seconds))
        }
        fflush(nil)
      }
      if failures == members.count {
        throw RunError(.notANumber, "no divergence kept its losses finite; lower --lr, or allow more --critic-steps")
      }
    }

    private static func member(_ text: String) throws -> any FDivergence {
      guard let member = try divergences.parse(text) as? any FDivergence else {
        let known = LineGame.members.map(\.card.name).joined(separator: ", ")
        throw OptionError("--loss \(text): not of the f-GAN family; members are \(known)")
      }
      return member
    }
  }
}
