/// What a game is played for: a divergence, terms added to the losses, constraints on the networks; and how its networks are updated.
///
/// Each can be chosen for any model: `--loss NAME[:option=value,…]`, `--schedule` alike, `--term` and `--constraint` several times or as
/// `none`, `--optimizer` for each network, and `--critic-steps`.
public struct Objective: Sendable, Equatable {
  /// The losses of both networks.
  public var loss: any Divergence
  /// What is added to them.
  public var terms: [any Term]
  /// What networks are held to.
  public var constraints: [any Constraint]
  /// How the step sizes of both networks go.
  public var schedule: any RateSchedule = SteadyRate()
  /// What updates the networks in place of the model's own rules, at most one for each network.
  public var optimizers: [any OptimizerRule] = []
  /// How often the critic is updated in each step; nil: as the model has it.
  public var criticSteps: CriticSchedule?

  /// An objective of these parts.
  public init(
    _ loss: any Divergence, terms: [any Term] = [], constraints: [any Constraint] = [], criticSteps: CriticSchedule? = nil
  ) {
    self.loss = loss
    self.terms = terms
    self.constraints = constraints
    self.criticSteps = criticSteps
  }

  /// The rule that is given for a network.
  func optimizer(of role: NetworkRole) -> (any OptimizerRule)? { optimizers.first { $0.on.includes(role) } }

  /// Two objectives are equal when their texts are: that is what a checkpoint knows.
  public static func == (a: Self, b: Self) -> Bool {
    a.loss.text == b.loss.text && a.terms.map(\.text) == b.terms.map(\.text) && a.constraints.map(\.text) == b.constraints.map(\.text)
      && a.schedule.text == b.schedule.text && a.optimizers.map(\.text) == b.optimizers.map(\.text) && a.criticSteps == b.criticSteps
  }

  /// The objective as fields of a model's options, which have it at `path`.
  static func fields<Options>(_ path: WritableKeyPath<Options, Self>) -> [OptionField<Options>] {
    [
      OptionField(
        name: "loss", help: "the game's losses; dist-gan models --losses lists them", words: divergences.names,
        read: { $0[keyPath: path].loss.text },
        write: { $0[keyPath: path].loss = try divergences.parse($1) }),
      OptionField(
        name: "term", help: "what is added to the losses, or none; can be repeated; dist-gan models --terms lists them", isList: true,
        words: [none] + Adversarial.terms.names, read: { list($0[keyPath: path].terms.map(\.text)) },
        write: { $0[keyPath: path].terms = try Adversarial.terms.parseList($1) }),
      OptionField(
        name: "constraint", help: "what networks are held to, or none; can be repeated; dist-gan models --constraints lists them",
        isList: true, words: [none] + Adversarial.constraints.names, read: { list($0[keyPath: path].constraints.map(\.text)) },
        write: { $0[keyPath: path].constraints = try Adversarial.constraints.parseList($1) }),
      OptionField(
        name: "schedule", help: "how step sizes go over time; dist-gan models --schedules lists them",
        words: schedules.names, read: { $0[keyPath: path].schedule.text }, write: { $0[keyPath: path].schedule = try schedules.parse($1) }),
      OptionField(
        name: "optimizer",
        help: "what updates the networks in place of the model's own rule and its options; step sizes stay; can be repeated; "
          + "dist-gan models --optimizers lists them",
        isList: true, words: [own] + Adversarial.optimizers.names, read: { list($0[keyPath: path].optimizers.map(\.text), empty: own) },
        write: { $0[keyPath: path].optimizers = try rules($1) }),
      OptionField(
        name: "critic-steps", help: "critic updates in a step: a number, or wasserstein: 100 in the first 25 steps and every 500th, else 5",
        words: [own, CriticSchedule.wassersteinWord], read: { $0[keyPath: path].criticSteps?.optionText ?? own },
        write: { options, text in
          let schedule = CriticSchedule(optionText: text)
          guard schedule != nil || text == own else { throw OptionError("\(CriticSchedule.expectation) is needed") }
          options[keyPath: path].criticSteps = schedule
        }),
    ]
  }

  /// The word for what the model itself has.
  private static let own = "own"
  /// The word for an empty list.
  private static let none = "none"

  private static func list(_ texts: [String], empty: String = none) -> String { texts.isEmpty ? empty : texts.joined(separator: " ") }

  /// Reads rules for the networks.
  /// - Throws: `OptionError` for two rules for one network.
  private static func rules(_ text: String) throws -> [any OptimizerRule] {
    let list = try Adversarial.optimizers.parseAll(text, empty: own)
    for role in NetworkRole.allCases {
      let names = list.filter { $0.on.includes(role) }.map(\.card.name)
      if names.count > 1 {
        throw OptionError(
          "\(names.joined(separator: " and ")) both update the \(role.rawValue); on=critic and on=generator tell them apart")
      }
    }
    return list
  }
}

/// Options of a model that plays a game: they have an objective, with the model's own default.
public protocol GameOptions: ModelOptions {
  /// What the game is played for.
  var objective: Objective { get set }
}

extension GameOptions {
  public static var commonFields: [OptionField<Self>] { Objective.fields(\.objective) }
}
