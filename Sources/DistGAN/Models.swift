import Adversarial
import ArgumentParser
import Zoo

/// The verb `models`: the catalogue, or the card of one model.
struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Lists the models, or shows one with its paper, presets and options.",
    usage: "dist-gan models [<name>] [<options>]",
    discussion: """
        dist-gan models
        dist-gan models biggan
        dist-gan models --losses --terms
      """)

  @Argument(
    help: "Name of a model, or of a loss, term, constraint, schedule or optimizer; without one all models are listed.", completion: .shown)
  var name: String?

  @Flag(help: "List the losses that --loss can name.")
  var losses = false

  @Flag(help: "List the terms that --term can name.")
  var terms = false

  @Flag(help: "List the constraints that --constraint can name.")
  var constraints = false

  @Flag(help: "List the schedules that --schedule can name.")
  var schedules = false

  @Flag(help: "List the rules that --optimizer can name.")
  var optimizers = false

  func run() throws {
    let lists = [
      losses ? ObjectiveList.losses : nil, terms ? .terms : nil, constraints ? .constraints : nil, schedules ? .schedules : nil,
      optimizers ? .optimizers : nil,
    ].compactMap(\.self)
    for list in lists { try list.show() }
    if let name {
      let parts = ObjectiveList.all.filter { $0.entries.contains { $0.card.name == name } }
      for part in parts { try part.show(only: name) }
      // A loss may have the name of the model that brought it.
      if parts.isEmpty || zoo.entries.contains(where: { $0.card.name == name }) { try Self.show(zoo.entry(name)) }
      return
    }
    guard lists.isEmpty else { return }
    let width = zoo.entries.map(\.card.name.count).max() ?? 0
    for entry in zoo.entries {
      print("\(Text.left(entry.card.name, width))  \(entry.card.summary)")
      print("\(Text.left("", width))  \(entry.card.authors), presets \(entry.presets.map(\.name).joined(separator: ", "))")
    }
    for list in ObjectiveList.all {
      print("\n\(list.title), --\(list.option): \(list.entries.map(\.card.name).joined(separator: ", "))")
    }
    let flags = ObjectiveList.all.map { "--\($0.title.lowercased())" }.joined(separator: ", ")
    print("\ndist-gan models NAME shows one of them; \(flags) show all with formulas and options")
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
