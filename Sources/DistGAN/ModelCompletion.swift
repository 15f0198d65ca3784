import Adversarial
import ArgumentParser
import Zoo

/// What a shell offers for a word that stands among the options of a model: their names, and the words that their values can have.
///
/// Values of catalogues go on after a colon, as `relativistic:pairing=average`. Without `--model` in the line the options that all models
/// have are offered.
struct ModelCompletion {
  private let models: [any ConfiguredModel]
  /// The word before the cursor, and the one before that.
  private let typed: String
  private let before: String

  /// - Parameters:
  ///   - words: the line, the program first.
  ///   - index: which of them is to be completed.
  ///   - prefix: that word up to the cursor.
  init(_ words: [String], at index: Int, prefix: String) {
    let named = Self.model(in: words).map { [$0] } ?? zoo.entries
    models = named.compactMap { try? $0.configured() }
    // Bash cuts words at : and =, and gives these as words.
    func isCut(_ index: Int) -> Bool { [":", "="].contains(words[index]) }
    var start = min(max(index, 0), words.count)
    while start > 1, start < words.count, isCut(start) || isCut(start - 1) { start -= 1 }
    typed = words[start..<max(start, min(index, words.count))].joined() + prefix
    before = start > 0 ? words[start - 1] : ""
  }

  /// The model that follows `--model`.
  static func model(in words: [String]) -> ModelEntry? {
    guard let index = words.firstIndex(of: "--model"), index + 1 < words.count else { return nil }
    return try? zoo.entry(words[index + 1])
  }

  /// Whole words, as the requesting shell reads them.
  var offered: [String] {
    let all = candidates
    switch CompletionShell.requesting {
    case .bash:
      // It completes what follows the last cut.
      let known = typed.lastIndex { ":=".contains($0) }.map { typed[...$0] } ?? ""
      return all.filter { $0.hasPrefix(known) }.map { String($0.dropFirst(known.count)) }
    // There a colon begins a description.
    case .zsh: return all.map { $0.split(separator: ":", omittingEmptySubsequences: false).joined(separator: "\\:") }
    default: return all
    }
  }

  private var candidates: [String] {
    if typed.hasPrefix("--"), let equals = typed.firstIndex(of: "=") {
      let option = typed[..<equals]
      return values(of: String(option.dropFirst(2)), typed: String(typed[typed.index(after: equals)...])).map { "\(option)=\($0)" }
    }
    let names = models.first?.options.map(\.name).filter { name in models.allSatisfy { $0.options.contains { $0.name == name } } } ?? []
    if before.hasPrefix("--"), names.contains(String(before.dropFirst(2))) { return values(of: String(before.dropFirst(2)), typed: typed) }
    return names.map { "--\($0)" }
  }

  /// The words that begin a value or, after a colon, those that go on with it.
  private func values(of option: String, typed: String) -> [String] {
    guard let colon = typed.firstIndex(of: ":") else { return models.first?.words(of: option) ?? [] }
    let list = ObjectiveList.all.first { $0.option == option }
    guard let entry = list?.entries.first(where: { $0.card.name == typed[..<colon] }) else { return [] }
    let begun = typed[typed.index(after: colon)...]
    // Behind the last comma.
    let start = begun.lastIndex(of: ",").map { begun.index(after: $0) } ?? begun.startIndex
    let (head, piece) = (typed[..<start], typed[start...])
    guard let equals = piece.firstIndex(of: "=") else { return entry.settings.map { "\(head)\($0.name)=" } }
    return entry.words(of: String(piece[..<equals])).map { "\(head)\(piece[...equals])\($0)" }
  }
}
