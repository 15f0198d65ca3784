import Adversarial
import TestSupport
import Testing
import Zoo

/// Every option of every model does something: changed, it changes the networks or the first steps.
///
/// Values to try follow from the value that an option has, and for words from the sentence that refuses a wrong one. Where an option does
/// nothing beside the model's defaults, as the width of networks that were not chosen, it is tried beside every other choice of a word.
@Suite struct OptionTests {
  typealias Setting = (name: String, value: String)

  /// What a run of three steps leaves, or nil where options do not fit each other or numbers overflow.
  static func trace(_ entry: ModelEntry, _ settings: [Setting]) throws -> [Float]? {
    var model = try Miniature.configured(entry)
    do {
      for (name, value) in settings { try model.set(name, to: value) }
      let bench = Bench(try model.build(FirstStepTests.data), batch: 4, data: FirstStepTests.data)
      let numbers = bench.run(steps: 3) + bench.state()
      return numbers.allSatisfy(\.isFinite) ? numbers : nil
    } catch is OptionError {
      return nil
    } catch is ModelError {
      return nil
    }
  }

  /// Other values of an option.
  static func alternatives(_ model: any ConfiguredModel, _ name: String, _ value: String) -> [String] {
    switch name {
    case "loss": return divergences.common.map(\.card.name).filter { !value.hasPrefix($0) }
    case "term": return ["orthogonal:strength=0.01", "none", "orthogonal:strength=0.02"]
    case "constraint": return ["weight-clipping:bound=0.001", "none"]
    case "schedule": return ["linear:over=3", "constant"]
    case "optimizer": return ["rmsprop:on=generator", "adam:on=generator,beta1=0.3", "own"]
    case "critic-steps": return ["2", "3"].filter { $0 != value }
    default: break
    }
    if value == "true" || value == "false" { return [value == "true" ? "false" : "true"] }
    if let number = Int(value) { return [number + 1, number * 2, number / 2, 1, 5].filter { $0 != number }.map(String.init) }
    if let number = Float(value) { return [number * 2, number / 2, 0.01, 0.5, 5].filter { $0 != number }.map { "\($0)" } }
    return words(model, name).filter { $0 != value }
  }

  /// The words that an option takes, as its refusal of another one lists them.
  static func words(_ model: any ConfiguredModel, _ name: String) -> [String] {
    var model = model
    do {
      try model.set(name, to: "?")
      return []
    } catch {
      guard let list = "\(error)".split(separator: "one of ").last, "\(error)".contains("one of ") else { return [] }
      return list.split(separator: " is needed")[0].split(separator: ", ").map(String.init)
    }
  }

  @Test(arguments: zoo.entries.map(\.card.name)) func `every option changes the networks or the first steps`(name: String) throws {
    let entry = try zoo.entry(name)
    let model = try Miniature.configured(entry)
    let choices = model.options.flatMap { option -> [Setting] in
      let isWord = Float(option.value) == nil && !["loss", "term", "constraint", "schedule", "critic-steps"].contains(option.name)
      return isWord ? Self.alternatives(model, option.name, option.value).map { (option.name, $0) } : []
    }
    // Attention needs more channels than other layers.
    let wider: [Setting] = model.options.contains { $0.name == "channels" } ? [("channels", "8")] : []
    let contexts: [[Setting]] = [[], wider] + choices.map { [$0] }
    var plain: [Int: [Float]] = [:]
    for option in model.options {
      let changes = try contexts.enumerated().contains { index, context in
        if context.contains(where: { $0.name == option.name }) { return false }
        if plain[index] == nil { plain[index] = try Self.trace(entry, context) }
        guard let base = plain[index] else { return false }
        return try Self.alternatives(model, option.name, option.value).contains { value in
          try Self.trace(entry, context + [(option.name, value)]).map { $0 != base } ?? false
        }
      }
      #expect(changes, "\(name): no other value of --\(option.name) \(option.value) changes anything")
    }
  }

  @Test func `words are read from refusals`() throws {
    let model = try zoo.entry("wgan").configured()
    #expect(Self.words(model, "critic-norm") == ["batch", "layer", "none"] && Self.words(model, "latent") == [])
  }
}
