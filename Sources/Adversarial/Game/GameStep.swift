public import Kernels
public import Layers
public import Tensors

/// Images of one kind, real or generated, as a term sees them.
public struct GameImages {
  /// `[batch, height, width, channels]` in [-1, 1], before any augmentation; generated ones are tracked in the generator's phase.
  public let images: Tensor
  /// Their classes, for a conditional model.
  public let labels: Labels?
  /// What they were generated from, `[batch, latent]`; nil for real ones.
  public let latent: Tensor?
  /// What the critic said of them: the same numbers as the divergence reads, or its witness where it reads features.
  public let output: CriticOutput
}

/// What a term sees of the step: the images of one evaluation of a loss, both networks, its random streams and its state.
public struct GameStep {
  /// The evaluation: step number, layout of the batch.
  public let context: StepContext
  /// The state of the term that is asked.
  public let state: GameState
  /// Generated images.
  public let fake: GameImages
  private let realImages: GameImages?
  private let owner: String
  private let passes: CriticPasses
  private let players: (generator: Generator, critic: Critic)

  init(
    _ context: StepContext, owner: String, state: GameState, real: GameImages?, fake: GameImages, passes: CriticPasses,
    players: (generator: Generator, critic: Critic)
  ) {
    self.context = context
    self.owner = owner
    self.state = state
    realImages = real
    self.fake = fake
    self.passes = passes
    self.players = players
  }

  /// Real images; in the generator's phase only for a term that says `generatorNeedsReal`.
  public var real: GameImages {
    guard let realImages else { preconditionFailure("\(owner): the generator's phase has no real images; say generatorNeedsReal") }
    return realImages
  }

  /// The generator's parameters, tracked in its own phase.
  public var generator: ParameterStore { players.generator.network.store }

  /// The critic's parameters, tracked in its own phase.
  public var critic: ParameterStore { players.critic.network.store }

  /// Number of classes that the generator takes; nil for one without.
  public var classes: Int? { players.generator.classes }

  /// Another pass of the critic in training, through the game's augmentation; call it inside `gradient(at:)` for a penalty on slopes.
  public func criticize(_ images: Tensor, _ labels: Labels?) -> CriticOutput { passes.output(images, labels) }

  /// Another pass of the generator in training.
  public func generate(_ latent: Tensor, _ labels: Labels?) -> Tensor { players.generator.images(latent, labels, .training) }

  /// A random stream of this evaluation that is the term's own: row i of what it fills depends on the global sample index only.
  public func key(_ purpose: String) -> RandomKey { context.key("\(owner) \(purpose)") }

  /// Logs a scalar below the term's name.
  public func report(_ name: String, _ value: Tensor) { context.report("\(owner) \(name)", value) }
}

/// A pass of the critic, as an augmentation sees it.
public struct AugmentationPass {
  /// The evaluation: step number, layout of the batch.
  public let context: StepContext
  /// The state of the term that augments.
  public let state: GameState
  /// Random stream of this pass: row i of what it fills depends on the global sample index only.
  public let key: RandomKey
}

/// Passes of the critic within one evaluation of a loss; each is augmented by numbers of its own.
///
/// Where the loss reads features, the critic's logits, which nobody trains, give way to the loss's witness, from the first look at real and
/// generated images together on.
final class CriticPasses {
  private let context: StepContext
  private let critic: Critic
  private let augmenting: [(term: any Term, state: GameState)]
  private let parts: Set<CriticPart>
  private let comparison: (any FeatureDivergence)?
  private var witness: ((Tensor) -> Tensor)?
  private var count = 0

  init(
    _ context: StepContext, _ critic: Critic, for loss: any Divergence, augmenting: [(term: any Term, state: GameState)],
    parts: Set<CriticPart>
  ) {
    self.context = context
    self.critic = critic
    self.augmenting = augmenting
    self.parts = parts
    comparison = loss as? any FeatureDivergence
  }

  /// Images as the critic sees them in its next pass, and the draws of its layers in that pass.
  private func seen(_ images: Tensor) -> (images: Tensor, draws: PassDraws.Part) {
    let (pass, context) = (count, context)
    count += 1
    let changed = augmenting.reduce(images) { images, entry in
      let key = context.key("\(entry.term.card.name) augmentation \(pass)")
      return entry.term.augmented(images, AugmentationPass(context: context, state: entry.state, key: key))
    }
    return (changed, PassDraws.Part(images.layout) { context.key("\($0) pass \(pass)") })
  }

  /// What the critic says of `images`.
  func output(_ images: Tensor, _ labels: Labels?) -> CriticOutput {
    let seen = seen(images)
    return read(critic.output(seen.images, labels, .training, PassDraws([seen.draws])))
  }

  /// What it says of real and of generated images, in one pass unless batch norm forbids it.
  func outputs(_ real: (images: Tensor, labels: Labels?), _ fake: (images: Tensor, labels: Labels?)) -> (CriticOutput, CriticOutput) {
    let (real, fake) = separateOutputs(real, fake)
    guard let comparison else { return (real, fake) }
    let (r, f) = (real.given(.features).gatheredBatch(), fake.given(.features).gatheredBatch())
    witness = { comparison.witness($0, real: r, fake: f) }
    return (testified(real), testified(fake))
  }

  private func separateOutputs(
    _ real: (images: Tensor, labels: Labels?), _ fake: (images: Tensor, labels: Labels?)
  ) -> (CriticOutput, CriticOutput) {
    if critic.hasBatchNorm { return (output(real.images, real.labels), output(fake.images, fake.labels)) }
    let labels = real.labels.flatMap { real in fake.labels.map { real.concatenated(with: $0) } }
    let (first, second) = (seen(real.images), seen(fake.images))
    let parts = [first.images, second.images]
    let joint = read(critic.output(concatenated(parts, axis: 0), labels, .training, PassDraws([first.draws, second.draws])))
    let logits = joint.logits.split(like: parts)
    func side(_ index: Int) -> CriticOutput { joint.mapping(logits[index]) { $1.split(like: parts)[index] } }
    return (side(0), side(1))
  }

  /// The output without the parts that nobody reads, whose memory is then free.
  private func read(_ output: CriticOutput) -> CriticOutput {
    testified(output.mapping(output.logits) { parts.contains($0) ? $1 : nil })
  }

  /// The output with the witness for its logits, where there is one.
  private func testified(_ output: CriticOutput) -> CriticOutput {
    guard let witness else { return output }
    return output.mapping(witness(output.given(.features))) { $1 }
  }
}
