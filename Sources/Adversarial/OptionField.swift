/// A value that is set by named fields: the options of a model, or those of an entry of a catalogue.
///
/// The command line, the checkpoint, the header and the lists all read the one list of fields.
public protocol Settable: Sendable {
  /// The type's own fields, in the order of help texts.
  static var fields: [OptionField<Self>] { get }
  /// Fields that all types of its kind have; they follow the own ones.
  static var commonFields: [OptionField<Self>] { get }
  /// A field with its value as users write it, for messages.
  static func written(_ name: String, _ text: String?) -> String
}

extension Settable {
  /// All fields.
  public static var allFields: [OptionField<Self>] { fields + commonFields }
  public static var commonFields: [OptionField<Self>] { [] }

  /// Names, values and help texts of all fields, in order.
  public var settings: [(name: String, value: String, help: String)] {
    Self.allFields.map { ($0.name, $0.read(self), $0.help) }
  }

  /// The words that a field can have or begin with, for shells to offer; none when it takes a number or is not known.
  public func words(of name: String) -> [String] { Self.allFields.first { $0.name == name }?.words ?? [] }

  /// Sets a field from text.
  /// - Throws: `OptionError` for an unknown name or a value out of range, naming the right ones.
  public mutating func set(_ name: String, to text: String) throws {
    guard let field = Self.allFields.first(where: { $0.name == name }) else {
      let known = Self.allFields.map { Self.written($0.name, nil) }.joined(separator: ", ")
      throw OptionError("unknown option \(Self.written(name, nil)); \(known.isEmpty ? "it has none" : "known ones: \(known)")")
    }
    do {
      try field.write(&self, text)
    } catch let error as OptionError {
      throw OptionError("\(Self.written(name, text)): \(error.description)")
    }
  }
}

/// Everything about a model that a user can set.
public protocol ModelOptions: Settable, Equatable {
  /// The presets, the default one first.
  static var presets: [Preset<Self>] { get }
  /// Scales the learning rates by `factor`: for a batch other than the preset's.
  mutating func scaleLearningRates(by factor: Float)
}

extension ModelOptions {
  public static func written(_ name: String, _ text: String?) -> String { "--\(name)" + (text.map { " \($0)" } ?? "") }
}

/// One settable number, switch, word or choice.
public struct OptionField<Options> {
  /// Name on the command line, without dashes.
  public let name: String
  /// One line of help, with the unit.
  public let help: String
  /// Whether the option may be given several times: its values then make a list.
  public var isList = false
  /// The words that the value can be or begin with, where they are few.
  public var words: [String] = []
  /// The value as text.
  public let read: (Options) -> String
  /// Sets the value from text; throws `OptionError` with what is needed.
  public let write: (inout Options, String) throws -> Void

  /// A field behind a key path; `range` bounds it.
  public static func value<V: OptionValue>(
    _ name: String, _ path: WritableKeyPath<Options, V>, _ help: String, in range: ClosedRange<V.Bound>? = nil
  ) -> Self {
    Self(
      name: name, help: help, words: V.words, read: { $0[keyPath: path].optionText },
      write: { options, text in
        guard let value = V(optionText: text) else { throw OptionError("\(V.expectation) is needed") }
        if let range, let bound = value.bound, !range.contains(bound) {
          throw OptionError("a value from \(range.lowerBound) to \(range.upperBound) is needed")
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
