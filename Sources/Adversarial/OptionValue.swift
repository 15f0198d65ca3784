/// A type that options can have.
public protocol OptionValue {
  /// What ranges are stated in.
  associatedtype Bound: Comparable
  /// Reads the text of an option.
  init?(optionText: String)
  /// The text that reads back as the value.
  var optionText: String { get }
  /// The value as a bound, nil when it has none.
  var bound: Bound? { get }
  /// What the text must be, for messages.
  static var expectation: String { get }
  /// The texts that can be, where these are few words.
  static var words: [String] { get }
}

extension OptionValue {
  /// Numbers are not listed.
  public static var words: [String] { [] }
}

extension Int: OptionValue {
  /// Reads a whole number.
  public init?(optionText: String) { self.init(optionText) }
  /// The number in decimal.
  public var optionText: String { "\(self)" }
  /// The number.
  public var bound: Int? { self }
  /// What the text must be.
  public static var expectation: String { "a whole number" }
}

extension Float: OptionValue {
  /// Reads a finite number.
  public init?(optionText: String) {
    guard let value = Float(optionText), value.isFinite else { return nil }
    self = value
  }
  /// The shortest text that reads back.
  public var optionText: String { "\(self)" }
  /// The number.
  public var bound: Float? { self }
  /// What the text must be.
  public static var expectation: String { "a number" }
}

extension Bool: OptionValue {
  /// Reads `true`, `false`, `yes`, `no`, `on`, `off`.
  public init?(optionText: String) {
    switch optionText {
    case "true", "yes", "on": self = true
    case "false", "no", "off": self = false
    default: return nil
    }
  }
  /// `true` or `false`.
  public var optionText: String { self ? "true" : "false" }
  /// Switches have no bounds.
  public var bound: Int? { nil }
  /// What the text must be.
  public static var expectation: String { "true or false" }
  /// The words that switches are written with.
  public static var words: [String] { ["true", "false"] }
}

/// A word out of a list: an enumeration of strings.
public protocol OptionWord: OptionValue, CaseIterable, RawRepresentable where RawValue == String, Bound == Int {}

extension OptionWord {
  /// Reads one of the words.
  public init?(optionText: String) { self.init(rawValue: optionText) }
  /// The word.
  public var optionText: String { rawValue }
  /// Words have no bounds.
  public var bound: Int? { nil }
  /// What the text must be.
  public static var expectation: String { "one of " + words.joined(separator: ", ") }
  /// All words.
  public static var words: [String] { allCases.map(\.rawValue) }
}
