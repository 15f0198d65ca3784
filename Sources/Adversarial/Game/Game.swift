import Layers
import Optimization
public import Tensors

/// The game of a generator against a critic, for any objective: the phases of a step, and sampling.
///
/// Critic first, then generator; each loss is the divergence's and the terms'. The log carries each term separately.
public final class Game {
  /// Generator and critic.
  public let networks: [Network]
  /// What is drawn for sample sheets.
  public let sampling: SamplingTraits
  /// What users should know about this objective with these networks.
  public let notes: [String]
  /// Further real images that the phases read.
  public let streams: [DataStream]

  let objective: Objective
  let players: (generator: Generator, critic: Critic)
  /// Loss and terms that compare images of one batch with each other.
  public var pairwise: [String] {
    (objective.loss.needsPairs ? ["--loss \(objective.loss.card.name)"] : [])
      + objective.terms.filter(\.needsPairs).map { "--term \($0.card.name)" }
  }

  private let criticUpdates: (Int) -> Int
  private let lossState: GameState
  let termStates: [GameState]
  /// Parts of the critic's output that somebody reads.
  private let parts: Set<CriticPart>

  /// A game for `objective`.
  /// - Parameters:
  ///   - objective: losses, terms and constraints.
  ///   - model: name of the model, for messages.
  ///   - generator: the network that makes images.
  ///   - critic: the network that judges them.
  ///   - criticUpdates: critic updates in a step, unless the objective says how many.
  ///   - streams: further real images that terms may read.
  /// - Throws: `OptionError` when the objective needs what the critic does not give.
  public init(
    _ objective: Objective, model: String, generator: Generator, critic: Critic, criticUpdates: @escaping (Int) -> Int = { _ in 1 },
    streams: [DataStream] = []
  ) throws {
    try Self.check(objective, critic, model)
    try Self.check(objective.terms, generator, streams, model)
    self.streams = streams
    self.objective = objective
    players = (generator, critic)
    self.criticUpdates = objective.criticSteps.map { schedule in { schedule($0) } } ?? criticUpdates
    networks = [generator.network, critic.network]
    sampling = SamplingTraits(
      latentSize: generator.latent, classes: generator.classes, canTruncate: generator.law == .normal, classNames: generator.classNames)
    parts = objective.terms.reduce(objective.loss.input == .features ? [.features] : []) { $0.union($1.needs) }
    let scope = Scope(critic.network.store)["game"]
    lossState = GameState(objective.loss.state, in: scope[objective.loss.card.name])
    termStates = objective.terms.map { GameState($0.state, in: scope[$0.card.name]) }
    generator.network.constraints = objective.constraints.filter { $0.on.includes(.generator) }
    critic.network.constraints = objective.constraints.filter { $0.on.includes(.critic) }
    let pace = objective.loss.pace.map { [lossState] entry in { lossState[entry].scalar } }
    for (network, role) in zip(networks, [NetworkRole.generator, .critic]) {
      network.schedule = objective.schedule.schedule
      network.pace = pace
      if let rule = objective.optimizer(of: role) {
        network.optimizer = rule.optimizer(network.store, learningRate: network.optimizer.learningRate)
      }
    }
    notes = Self.notes(objective, critic)
  }

  private static func check(_ objective: Objective, _ critic: Critic, _ model: String) throws {
    let loss = objective.loss
    let isRefused = loss.input == .features ? !critic.parts.contains(.features) : loss.input != critic.gives
    if isRefused {
      let fitting = divergences.entries.filter { $0.input == critic.gives || $0.input == .features && critic.parts.contains(.features) }
      throw OptionError(
        "\(model): --loss \(loss.card.name) is a function of \(loss.input.rawValue), the critic of \(model) gives "
          + "\(critic.gives.rawValue); losses that fit: \(fitting.map(\.card.name).joined(separator: ", "))")
    }
    for term in objective.terms where term.needsLogits && critic.gives != .logits {
      throw OptionError(
        "\(model): --term \(term.card.name) is a function of logits, the critic of \(model) gives \(critic.gives.rawValue); leave it out")
    }
    for term in objective.terms {
      guard let part = term.needs.subtracting(critic.parts).map(\.rawValue).min() else { continue }
      throw OptionError("\(model): --term \(term.card.name) reads \(part) of the critic, and that of \(model) gives none; leave it out")
    }
  }

  private static func check(_ terms: [any Term], _ generator: Generator, _ streams: [DataStream], _ model: String) throws {
    for term in terms {
      if term.needsClasses && generator.classes == nil {
        throw OptionError("\(model): --term \(term.card.name) reads classes, and the generator of \(model) takes none; leave it out")
      }
      if let stream = term.stream, !streams.contains(where: { $0.name == stream }) {
        throw OptionError("\(model): --term \(term.card.name) reads \(stream) images, which \(model) does not set apart; leave it out")
      }
    }
  }

  private static func notes(_ objective: Objective, _ critic: Critic) -> [String] {
    let slopes = critic.hasBatchNorm ? objective.terms.filter(\.readsSlopes).map(\.card.name) : []
    let unit = objective.loss.input == .energy && !critic.energyUnit.isEmpty
    return slopes.map { "--term \($0) holds each sample's slope, and batch norm in this critic makes it depend on the whole batch" }
      + (unit ? ["margins and energies of --loss \(objective.loss.card.name) are in units of: \(critic.energyUnit)"] : [])
  }

  /// The phases of a step.
  public var phases: [Phase] {
    let needsReal = objective.loss.generatorNeedsReal || objective.terms.contains { $0.generatorNeedsReal }
    return [
      Phase("discriminator", updating: networks[1], needsData: true, times: criticUpdates, loss: criticLoss),
      Phase("generator", updating: networks[0], needsData: needsReal) { [self] in generatorLoss($0, needsReal: needsReal) },
    ]
  }

  /// Images for sample sheets.
  public func sample(_ request: SampleRequest) -> Tensor { players.generator.images(request.latent, request.labels, request.mode) }

  private func criticLoss(_ context: StepContext) -> Tensor {
    let play = Play(self, context, needsReal: true)
    guard let real = play.real else { preconditionFailure("Game: the critic's phase has no real images") }
    let kind = objective.loss.input == .features ? "witness" : players.critic.gives == .energy ? "energy" : "logit"
    context.report("real \(kind)", real.output.logits.detached.mean())
    context.report("fake \(kind)", play.fake.output.logits.detached.mean())
    var state = lossState
    state.share = 1 / Float(context.parts)
    let loss = objective.loss.criticLoss(real: reading(real.output), fake: reading(play.fake.output), state)
    for entry in objective.loss.state where entry.shape.isEmpty { context.report(entry.name, state[entry.name]) }
    return adding(to: loss, context, play) { $0.critic($1) }
  }

  private func generatorLoss(_ context: StepContext, needsReal: Bool) -> Tensor {
    let play = Play(self, context, needsReal: needsReal)
    let loss = objective.loss.generatorLoss(real: play.real.map { reading($0.output) }, fake: reading(play.fake.output))
    return adding(to: loss, context, play) { $0.generator($1) }
  }

  /// What the divergence reads.
  private func reading(_ output: CriticOutput) -> Tensor {
    guard objective.loss.input == .features else { return output.logits }
    guard let features = output.features else { preconditionFailure("Game: the critic gave no features, though it says it has them") }
    return features
  }

  private func adding(
    to loss: Tensor, _ context: StepContext, _ play: Play, _ value: (any Term, GameStep) -> Tensor?
  ) -> Tensor {
    var loss = loss
    for (term, kept) in zip(objective.terms, termStates) where context.step % term.every == 0 {
      var state = kept
      state.share = 1 / Float(context.parts)
      let step = GameStep(
        context, owner: term.card.name, state: state, real: play.real, fake: play.fake, passes: play.passes, players: players)
      guard let added = value(term, step) else { continue }
      let corrected = term.every == 1 ? added : added * Float(term.every)
      context.report(term.card.name, corrected)
      loss = loss + corrected
    }
    return loss
  }

  /// The images of one evaluation, and what the critic says of them.
  private struct Play {
    let real: GameImages?
    let fake: GameImages
    let passes: CriticPasses

    init(_ game: Game, _ context: StepContext, needsReal: Bool) {
      let (generator, critic) = game.players
      passes = CriticPasses(
        context, critic, for: game.objective.loss, augmenting: Array(zip(game.objective.terms, game.termStates)), parts: game.parts)
      let labels = generator.classes.map { context.randomLabels(classes: $0) }
      let latent = generator.draw(context)
      let images = generator.images(latent, labels, .training)
      guard needsReal else {
        real = nil
        fake = GameImages(images: images, labels: labels, latent: latent, output: passes.output(images, labels))
        return
      }
      let realLabels = generator.classes == nil ? nil : context.labels
      let outputs = passes.outputs((context.images, realLabels), (images, labels))
      real = GameImages(images: context.images, labels: realLabels, latent: nil, output: outputs.0)
      fake = GameImages(images: images, labels: labels, latent: latent, output: outputs.1)
    }
  }
}

/// A model that is one game.
public protocol GameModel: Model, Examined where Options: GameOptions {
  /// The game it plays.
  var game: Game { get }
}

extension GameModel {
  public var networks: [Network] { game.networks }
  public var phases: [Phase] { game.phases }
  public var sampling: SamplingTraits { game.sampling }
  public var notes: [String] { game.notes }
  public var pairwise: [String] { game.pairwise }
  public var streams: [DataStream] { game.streams }
  public func sample(_ request: SampleRequest) -> Tensor { game.sample(request) }
  public func health(_ context: StepContext) -> Health { game.health(context) }
}
