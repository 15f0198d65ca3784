/// Everything about a model that a user can set, as a list of named fields.
///
/// The command line, the checkpoint, the header and the catalogue all read this one list.
public protocol ModelOptions: Sendable, Equatable {
  /// The fields, in the order of help texts.
  static var fields: [OptionField<Self>] { get }
  /// The presets, the default one first.
  static var presets: [Preset<Self>] { get }
  /// Scales the learning rates by `factor`: for a batch other than the preset's.
  mutating func scaleLearningRates(by factor: Float)
}

extension ModelOptions {
  /// Sets a field from text.
  /// - Throws: `OptionError` for an unknown name or a value out of range, naming the right ones.
  public mutating func set(_ name: String, to text: String) throws {
    guard let field = Self.fields.first(where: { $0.name == name }) else {
      throw OptionError("unknown option --\(name); known ones: \(Self.fields.map { "--\($0.name)" }.joined(separator: ", "))")
    }
    try field.write(&self, text)
  }
}

/// One settable number, switch or word of a model.
public struct OptionField<Options> {
  /// Name on the command line, without dashes.
  public let name: String
  /// One line of help, with the unit.
  public let help: String
  /// The value as text.
  public let read: (Options) -> String
  /// Sets the value from text.
  public let write: (inout Options, String) throws -> Void

  /// A field behind a key path; `range` bounds it.
  public static func value<V: OptionValue>(
    _ name: String, _ path: WritableKeyPath<Options, V>, _ help: String, in range: ClosedRange<V.Bound>? = nil
  ) -> Self {
    Self(
      name: name, help: help, read: { $0[keyPath: path].optionText },
      write: { options, text in
        guard let value = V(optionText: text) else {
          throw OptionError("--\(name) \(text): \(V.expectation) is needed")
        }
        if let range, let bound = value.bound, !range.contains(bound) {
          throw OptionError("--\(name) \(text): a value from \(range.lowerBound) to \(range.upperBound) is needed")
        }
        options[keyPath: path] = value
      })
  }
}

/// An option that cannot be taken.
public struct OptionError: Error, CustomStringConvertible, Sendable {
  /// What was given and what is needed.
  public let description: String
  /// An error with this sentence.
  public init(_ description: String) { self.description = description }
}

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
  public static var expectation: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }
}
