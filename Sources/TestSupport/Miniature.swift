package import Adversarial

/// Every model at a size that takes no time, by rules on the names of options: what tests and checks over the catalogue run.
package enum Miniature {
  /// A number for each option whose name ends so.
  private static let numbers: [(ending: String, value: String)] = [
    ("channels", "4"), ("full-size", "16"), ("width", "12"), ("units", "8"), ("hidden", "16"), ("per-class", "2"),
    // What is otherwise found only later in a run.
    ("average-decay", "0.5"), ("average-start", "0"),
  ]

  /// The model of a preset, the default one unless named, with the small options that it has.
  package static func configured(_ entry: ModelEntry, preset: String? = nil) throws -> any ConfiguredModel {
    var model = try entry.configured(preset: preset)
    for (name, value, _) in model.options where Float(value) != nil {
      if let rule = numbers.first(where: { name == $0.ending || name.hasSuffix("-\($0.ending)") }) { try model.set(name, to: rule.value) }
    }
    // As often as shows that every update has numbers of its own.
    if model.options.contains(where: { $0.name == "critic-steps" && $0.value != "1" && $0.value != "own" }) {
      try model.set("critic-steps", to: "2")
    }
    return model
  }
}
