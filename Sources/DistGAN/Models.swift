import Adversarial
import ArgumentParser
import Zoo

/// The verb `models`: the catalogue, or the card of one model.
struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Lists the models, or shows one with its paper, presets and options.",
    discussion: """
        dist-gan models
        dist-gan models biggan
      """)

  @Argument(help: "Name of a model; without one all are listed.", completion: .model)
  var name: String?

  func run() throws {
    guard let name else {
      let width = zoo.entries.map(\.card.name.count).max() ?? 0
      for entry in zoo.entries {
        print("\(Text.left(entry.card.name, width))  \(entry.card.summary)")
        print("\(Text.left("", width))  \(entry.card.authors), presets \(entry.presets.map(\.name).joined(separator: ", "))")
      }
      print("\ndist-gan models NAME shows one of them")
      return
    }
    try Self.show(zoo.entry(name))
  }

  private static func show(_ entry: ModelEntry) throws {
    let card = entry.card
    print("\(card.name): \(card.summary)")
    print("\n\(card.authors), \"\(card.paper)\"\n\(card.link)")
    if !card.deviations.isEmpty {
      print("\nDepartures from the paper:")
      for deviation in card.deviations { print("  - \(deviation)") }
    }
    print("\nPresets (the first is the default):")
    let width = entry.presets.map(\.name.count).max() ?? 0
    for (name, summary) in entry.presets {
      let run = try entry.configured(preset: name).run
      let accumulation = run.accumulation > 1 ? " x \(run.accumulation)" : ""
      print("  \(Text.left(name, width))  \(summary)")
      print("  \(Text.left("", width))  batch \(run.batch)\(accumulation), \(run.steps) steps")
    }
    let model = try entry.configured()
    print("\nOptions (defaults of \(model.preset)):")
    let names = model.options.map { "--\($0.name) \($0.value)" }
    let wide = names.map(\.count).max() ?? 0
    for (label, option) in zip(names, model.options) { print("  \(Text.left(label, wide))  \(option.help)") }
  }
}
