import Adversarial
import Zoo

/// The entries of a catalogue, shown with formula, paper, options and who uses them by default.
struct ObjectiveList {
  let title: String
  /// The option that names an entry.
  let option: String
  let entries: [any CatalogEntry]

  static let losses = ObjectiveList(title: "Losses", option: "loss", entries: divergences.common)
  static let terms = ObjectiveList(title: "Terms", option: "term", entries: Adversarial.terms.common)
  static let constraints = ObjectiveList(title: "Constraints", option: "constraint", entries: Adversarial.constraints.common)
  static let schedules = ObjectiveList(title: "Schedules", option: "schedule", entries: Adversarial.schedules.common)
  static let optimizers = ObjectiveList(title: "Optimizers", option: "optimizer", entries: Adversarial.optimizers.common)
  static let all = [losses, terms, constraints, schedules, optimizers]

  /// Prints all entries, or the one of a name.
  func show(only name: String? = nil) throws {
    print("\(title), --\(option) NAME[:option=value,…]:")
    for entry in entries where name == nil || entry.card.name == name {
      print("\n  \(entry.card.name): \(entry.card.summary)")
      print("    \(entry.card.formula)")
      print("    \(entry.card.paper); \(entry.card.link)")
      let options = entry.settings
      let width = options.map { $0.name.count + $0.value.count + 1 }.max() ?? 0
      for (name, value, help) in options { print("    \(Text.left("\(name)=\(value)", width))  \(help)") }
      let users = try users(entry.card.name)
      if !users.isEmpty { print("    by default in \(users.joined(separator: ", "))") }
    }
  }

  /// Models and presets that have an entry among their own.
  private func users(_ name: String) throws -> [String] {
    try zoo.entries.compactMap { entry in
      let presets = try entry.presets.map(\.name).filter { preset in
        let values = try entry.configured(preset: preset).options.filter { $0.name == option }.map(\.value)
        return values.flatMap { $0.split(separator: " ") }.contains { $0.prefix { $0 != ":" } == name }
      }
      if presets.isEmpty { return nil }
      return presets.count == entry.presets.count ? entry.card.name : "\(entry.card.name) (\(presets.joined(separator: ", ")))"
    }
  }
}
