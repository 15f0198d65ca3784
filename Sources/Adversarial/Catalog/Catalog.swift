/// Something that can be chosen by name, with options of its own: a divergence, a term or a constraint.
///
/// A new one is a file with a type and one line in its catalogue. On the command line it is written `NAME[:option=value,…]`.
public protocol CatalogEntry: Settable {
  /// What it is and where it comes from.
  static var card: EntryCard { get }
  /// Whether the values fit each other; throws `OptionError`.
  func validate() throws
}

extension CatalogEntry {
  public static var fields: [OptionField<Self>] { [] }
  public static func written(_ name: String, _ text: String?) -> String { "\(card.name):\(name)" + (text.map { "=\($0)" } ?? "") }
  public func validate() throws {}
  /// What it is and where it comes from.
  public var card: EntryCard { Self.card }
  /// Name and all values, as `NAME:option=value,…`: the text that reads back as this entry.
  public var text: String {
    let values = settings
    return card.name + (values.isEmpty ? "" : ":") + values.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
  }
}

/// What an entry of a catalogue is and where it comes from.
public struct EntryCard: Sendable {
  /// Name on the command line.
  public let name: String
  /// One line.
  public let summary: String
  /// The formula in plain text: r and f are the critic's outputs on real and generated images, E the mean over the global batch.
  public let formula: String
  /// Authors, year, and the place in the paper.
  public let paper: String
  /// Where to read it.
  public let link: String

  /// A card of these texts.
  public init(name: String, summary: String, formula: String, paper: String, link: String) {
    self.name = name
    self.summary = summary
    self.formula = formula
    self.paper = paper
    self.link = link
  }
}

/// The entries of one kind that can be chosen, each with its default options.
public struct Catalog<Entry: Sendable>: Sendable {
  /// What an entry is called in messages.
  public let kind: String
  /// All entries, in the order of lists.
  public let entries: [Entry]
  private let asEntry: @Sendable (Entry) -> any CatalogEntry

  /// A catalogue of these entries.
  init(kind: String, _ entries: [Entry], _ asEntry: @escaping @Sendable (Entry) -> any CatalogEntry) {
    self.kind = kind
    self.entries = entries
    self.asEntry = asEntry
  }

  /// All entries, as what every catalogue's have in common.
  public var common: [any CatalogEntry] { entries.map(asEntry) }

  /// Names of all entries.
  var names: [String] { common.map(\.card.name) }

  /// Reads `NAME[:option=value,…]`.
  /// - Throws: `OptionError` that lists the known names or options, or says what value is needed.
  public func parse(_ text: String) throws -> Entry {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard var entry = common.first(where: { $0.card.name == parts[0] }) else {
      throw OptionError("unknown \(kind) \(parts[0]); known ones: \(names.joined(separator: ", "))")
    }
    if parts.count > 1 {
      for setting in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
        guard let equals = setting.firstIndex(of: "=") else {
          throw OptionError(
            "\(setting.isEmpty ? "an empty option" : "option \(setting)") of \(parts[0]) has no value; NAME:option=value,… is needed")
        }
        try entry.set(String(setting[..<equals]), to: String(setting[setting.index(after: equals)...]))
      }
    }
    try entry.validate()
    guard let own = entry as? Entry else { preconditionFailure("Catalog: an entry changed its kind") }
    return own
  }

  /// Reads entries with spaces between them; the word `empty` or nothing is the empty list.
  /// - Throws: `OptionError` as `parse`.
  func parseAll(_ text: String, empty: String) throws -> [Entry] {
    let words = text.split(separator: " ").map(String.init)
    return words == [empty] ? [] : try words.map(parse)
  }

  /// The same with `none` for the empty list.
  /// - Throws: `OptionError` as `parse`, and for an entry that stands there twice.
  func parseList(_ text: String) throws -> [Entry] {
    let list = try parseAll(text, empty: "none")
    let names = list.map { asEntry($0).card.name }
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw OptionError("\(kind) \(twice) is given twice")
    }
    return list
  }
}
