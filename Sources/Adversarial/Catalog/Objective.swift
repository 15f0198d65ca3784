/// What a game is played for: a divergence, terms added to the losses, constraints on the networks; and how large its steps are over time.
///
/// Each can be chosen for any model: `--loss NAME[:option=value,…]`, `--schedule` alike, and `--term`, `--constraint` several times or as
/// `none`.
public struct Objective: Sendable, Equatable {
  /// The losses of both networks.
  public var loss: any Divergence
  /// What is added to them.
  public var terms: [any Term]
  /// What networks are held to.
  public var constraints: [any Constraint]
  /// How the step sizes of both networks go.
  public var schedule: any RateSchedule = SteadyRate()

  /// An objective of these parts.
  public init(_ loss: any Divergence, terms: [any Term] = [], constraints: [any Constraint] = []) {
    self.loss = loss
    self.terms = terms
    self.constraints = constraints
  }

  /// Two objectives are equal when their texts are: that is what a checkpoint knows.
  public static func == (a: Self, b: Self) -> Bool {
    a.loss.text == b.loss.text && a.terms.map(\.text) == b.terms.map(\.text) && a.constraints.map(\.text) == b.constraints.map(\.text)
      && a.schedule.text == b.schedule.text
  }

  /// The objective as fields of a model's options, which have it at `path`.
  static func fields<Options>(_ path: WritableKeyPath<Options, Self>) -> [OptionField<Options>] {
    [
      OptionField(
        name: "loss", help: "the game's losses; dist-gan models --losses lists them", read: { $0[keyPath: path].loss.text },
        write: { $0[keyPath: path].loss = try divergences.parse($1) }),
      OptionField(
        name: "term", help: "what is added to the losses, or none; can be repeated; dist-gan models --terms lists them", isList: true,
        read: { list($0[keyPath: path].terms.map(\.text)) }, write: { $0[keyPath: path].terms = try Adversarial.terms.parseList($1) }),
      OptionField(
        name: "constraint", help: "what networks are held to, or none; can be repeated; dist-gan models --constraints lists them",
        isList: true, read: { list($0[keyPath: path].constraints.map(\.text)) },
        write: { $0[keyPath: path].constraints = try Adversarial.constraints.parseList($1) }),
      OptionField(
        name: "schedule", help: "how step sizes go over time; dist-gan models --schedules lists them",
        read: { $0[keyPath: path].schedule.text }, write: { $0[keyPath: path].schedule = try schedules.parse($1) }),
    ]
  }

  private static func list(_ texts: [String]) -> String { texts.isEmpty ? "none" : texts.joined(separator: " ") }
}

/// Options of a model that plays a game: they have an objective, with the model's own default.
public protocol GameOptions: ModelOptions {
  /// What the game is played for.
  var objective: Objective { get set }
}

extension GameOptions {
  public static var commonFields: [OptionField<Self>] { Objective.fields(\.objective) }
}
