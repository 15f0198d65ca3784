import Adversarial
import ArgumentParser

/// The options of a model as they stand on the command line: `--name value` or `--name=value`.
struct ModelArguments {
  /// Names and values in their order.
  let settings: [(name: String, value: String)]

  /// Takes the words that no option of the run wanted.
  /// - Throws: `OptionError` for a word that is no option, and for an option without a value.
  init(_ words: [String]) throws {
    var settings: [(name: String, value: String)] = []
    var index = 0
    while index < words.count {
      let word = words[index]
      guard word.hasPrefix("--"), word.count > 2 else {
        let verbs = DistGAN.configuration.subcommands.compactMap { $0.configuration.commandName }.joined(separator: ", ")
        throw OptionError("unexpected word \(word); verbs are \(verbs), and options begin with --")
      }
      let name = word.dropFirst(2)
      if let equals = name.firstIndex(of: "=") {
        settings.append((String(name[..<equals]), String(name[name.index(after: equals)...])))
        index += 1
        continue
      }
      guard index + 1 < words.count, !words[index + 1].hasPrefix("--") else {
        throw OptionError("\(word) is no option of a run, and as an option of the model it needs a value: \(word) VALUE")
      }
      settings.append((String(name), words[index + 1]))
      index += 2
    }
    self.settings = settings
  }

  /// Sets the options of `model`.
  /// - Throws: `OptionError` that lists the known names, or says what value is needed.
  func apply(to model: inout any ConfiguredModel) throws {
    var lists: [String: [String]] = [:]
    for (name, value) in settings {
      guard model.options.contains(where: { $0.name == name }) else {
        let known = model.options.map { "--\($0.name)" }.joined(separator: ", ")
        throw OptionError("unknown option --\(name); options of \(model.card.name) are \(known); those of a run: dist-gan train --help")
      }
      // What is given several times is one list, in place of the preset's.
      if model.lists.contains(name) { lists[name, default: []].append(value) }
      try model.set(name, to: lists[name]?.joined(separator: " ") ?? value)
    }
  }
}
