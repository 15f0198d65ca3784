import Kernels
import Layers
import Optimization
import Sharding
import Tensors
import Testing

@testable import Adversarial

/// The game of two small dense networks: what an objective does to it.
@Suite struct GameTests {
  /// A game on 2x2 images, and a batch for it.
  struct Board {
    let game: Game
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 6, shardCount: 3)))

    init(
      _ objective: Objective, gives: CriticReading = .logits, parts: Set<CriticPart> = [.features], hasBatchNorm: Bool = false,
      isPlanned: Bool = false
    ) throws {
      let stores = (try objective.store("generator", .generator), try objective.store("critic", .critic))
      let images = Dense(Scope(stores.0)["images"], from: 3, to: 4, initializer: .xavier, spectral: .init())
      let hidden = Dense(Scope(stores.1)["hidden"], from: 4, to: 5, initializer: .xavier, spectral: .init())
      let logits = Dense(Scope(stores.1)["logits"], from: 5, to: 1, initializer: .xavier)
      game = try Game(
        objective, model: "small",
        generator: Generator(Network(store: stores.0, optimizer: GradientDescent(stores.0, learningRate: 0.1)), latent: 3, classes: nil) {
          images($0, $2).hyperbolicTangent().reshaped([-1, 2, 2, 1])
        },
        critic: Critic(
          Network(store: stores.1, optimizer: GradientDescent(stores.1, learningRate: 0.1)), gives: gives, energyUnit: "half a square",
          parts: parts, hasBatchNorm: hasBatchNorm
        ) {
          let features = hidden($0.reshaped([-1, 4]), $2).hyperbolicTangent()
          let y = logits(features, $2)
          return CriticOutput(logits: gives == .energy ? y.squared() * 0.5 : y, features: features)
        })
      if !isPlanned { for network in game.networks { network.store.allocate(seed: 2) } }
    }

    func context(_ phase: Phase, step: Int = 0, parts: Int = 1) -> StepContext {
      let images = Tensor.uniform(
        [6, 2, 2, 1], from: -3, to: 3, key: RandomKey(seed: 3, purpose: 1, step: UInt64(step)), layout: layout)
      return StepContext(
        seed: 1, step: step, phase: phase.name, draw: 0, parts: parts, layout: layout,
        images: phase.needsData ? images : Tensor([], shape: [0]), labels: nil)
    }

    /// The loss of a phase and its reports, without an update.
    func loss(_ phase: Int, step: Int = 0, parts: Int = 1) -> (value: Float, reports: [String: Float]) {
      let context = context(game.phases[phase], step: step, parts: parts)
      let value = game.phases[phase].loss(context).scalar
      return (value, Dictionary(uniqueKeysWithValues: context.reports.map { ($0.name, $0.value.scalar) }))
    }

    /// Whole steps.
    func play(steps: Int) {
      for step in 0..<steps {
        for phase in game.phases {
          let context = context(phase, step: step)
          _ = phase.network.store.gradient { phase.loss(context) }
          phase.network.update(step: step)
        }
      }
    }

    func values(_ network: Int) -> [Float] { game.networks[network].store.namedParameters.flatMap { $0.tensor.values } }
    var buffers: [String] { game.networks.flatMap { $0.store.buffers.map(\.path) } }
  }

  /// What the critic's output is, and a loss of something else.
  @Test(arguments: [("hinge", CriticReading.energy), ("energy-margin", .logits), ("equilibrium", .logits), ("kl", .energy)])
  func `a loss of something else than the critic gives is refused by name`(_ loss: String, _ gives: CriticReading) throws {
    let objective = Objective(try divergences.parse(loss))
    let error = #expect(throws: OptionError.self) { _ = try Board(objective, gives: gives) }
    let message = error?.description ?? ""
    #expect(message.contains("small: --loss \(loss) is a function of") && message.contains("gives \(gives.rawValue)"), "\(message)")
    #expect(message.contains(gives == .energy ? "energy-margin, equilibrium" : "minimax, non-saturating"), "\(message)")
  }

  @Test func `a loss of features needs a critic that has some`() throws {
    let objective = Objective(Cramer())
    let error = #expect(throws: OptionError.self) { _ = try Board(objective, parts: []) }
    #expect(error?.description.contains("function of features") == true)
    #expect(try Board(objective, gives: .energy).loss(0).value.isFinite)
  }

  @Test func `every loss that fits trains both networks, from real images too where it needs them`() throws {
    for loss in divergences.entries {
      let board = try Board(Objective(loss), gives: loss.input == .energy ? .energy : .logits)
      #expect(board.game.phases.map(\.needsData) == [true, loss.generatorNeedsReal], "\(loss.text)")
      let before = (board.values(0), board.values(1))
      board.play(steps: 2)
      // One that leaves the generator to terms moves the critic alone.
      #expect((board.values(0) != before.0) == !(loss is CriticAlone) && board.values(1) != before.1, "\(loss.text)")
      #expect((board.values(0) + board.values(1)).allSatisfy { $0.isFinite }, "\(loss.text)")
    }
  }

  @Test func `the weight of the equilibrium is kept, follows the energies and stays in its range`() throws {
    let objective = Objective(try divergences.parse("equilibrium:gamma=1,lambda=0.5"))
    let board = try Board(objective, gives: .energy)
    #expect(board.buffers.contains("critic.game.equilibrium.k"))
    let first = board.loss(0)
    let (real, fake) = (try #require(first.reports["real energy"]), try #require(first.reports["fake energy"]))
    #expect(first.value == real, "k starts at 0")
    let expected = min(max(0.5 * (real - fake), 0), 1)
    #expect(abs(try #require(first.reports["k"]) - expected) < 1e-6)
    let second = board.loss(0)
    let next = (try #require(second.reports["real energy"]), try #require(second.reports["fake energy"]))
    #expect(expected > 0 && abs(second.value - (next.0 - expected * next.1)) < 1e-6)
    // A part of four makes a quarter of the step.
    let quarter = try Board(objective, gives: .energy).loss(0, parts: 4)
    #expect(abs(try #require(quarter.reports["k"]) - min(max(0.125 * (real - fake), 0), 1)) < 1e-6)
    #expect(board.game.notes == ["margins and energies of --loss equilibrium are in units of: half a square"])
  }

  @Test func `step sizes are halved when the measure of the equilibrium stalls, down to the floor`() throws {
    let objective = Objective(try divergences.parse("equilibrium:gamma=0.5,lambda=0,patience=3,floor=0.2"))
    let board = try Board(objective, gives: .energy)
    let first = board.loss(0).reports
    let (real, fake) = (try #require(first["real energy"]), try #require(first["fake energy"]))
    #expect(abs(try #require(first["measure"]) - (real + abs(0.5 * real - fake))) < 1e-6 && first["rate"] == 1)
    // The same images: the measure stays where it is, which is no progress.
    let rates = (0..<10).map { _ in board.loss(0).reports["rate"] ?? .nan }
    #expect(rates == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2])
    // Both networks go at that pace: an update of gradient descent is a fifth of what it was.
    func change(_ board: Board, _ network: Int) -> Float {
      let before = board.values(network)
      let store = board.game.networks[network].store
      _ = store.gradient { board.game.phases[1 - network].loss(board.context(board.game.phases[1 - network])) }
      board.game.networks[network].update(step: 0)
      return zip(before, board.values(network)).map { abs($0 - $1) }.reduce(0, +)
    }
    let steady = try Board(Objective(try divergences.parse("equilibrium:gamma=0.5,lambda=0")), gives: .energy)
    // As many passes, so that power iterations stand where the other's do.
    for _ in 0..<11 { _ = steady.loss(0) }
    let (slow, usual) = (change(board, 0), change(steady, 0))
    #expect(usual > 0 && abs(slow / usual - 0.2) < 0.01, "\(slow) and \(usual)")
    // A run with patience that makes progress keeps its step sizes.
    let moving = try Board(Objective(try divergences.parse("equilibrium:gamma=0.5,lambda=0,patience=30")), gives: .energy)
    moving.play(steps: 20)
    #expect(moving.loss(0).reports["rate"] == 1)
  }

  @Test func `every loss that fits can be planned without numbers`() throws {
    for loss in divergences.entries {
      let board = try Board(Objective(loss), gives: loss.input == .energy ? .energy : .logits, isPlanned: true)
      for phase in board.game.phases {
        let images = Tensor.abstract(phase.needsData ? [6, 2, 2, 1] : [0], layout: phase.needsData ? board.layout : nil)
        let context = StepContext(seed: 1, step: 0, phase: phase.name, draw: 0, layout: board.layout, images: images, labels: nil)
        let value = phase.network.store.gradient { phase.loss(context) }
        #expect(value.isAbstract && value.shape.isEmpty, "\(loss.text), \(phase.name)")
      }
    }
  }

  /// A term that says what it was asked for.
  struct Probe: Term {
    static let card = EntryCard(name: "probe", summary: "for tests", formula: "1 + counter", paper: "none", link: "none")
    var every = 1
    var needs: Set<CriticPart> = []
    var generatorNeedsReal = false
    var readsSlopes = true
    var state: [StateEntry] { [StateEntry("counter")] }
    func critic(_ step: GameStep) -> Tensor? {
      step.state["counter"] = step.state["counter"] + 1
      step.report("keys", Tensor(step.key("a") == step.key("a") && step.key("a") != step.key("b") ? 1 : 0))
      return step.state["counter"] + step.real.images.detached.mean() * 0
    }
    func generator(_ step: GameStep) -> Tensor? {
      generatorNeedsReal ? step.real.output.logits.mean() + step.fake.output.logits.mean() : nil
    }
    func augmented(_ images: Tensor, _ pass: AugmentationPass) -> Tensor { -images }
  }

  @Test func `a lazy term is asked every so many steps and weighs as much more`() throws {
    var probe = Probe()
    probe.every = 3
    let board = try Board(Objective(Wasserstein(), terms: [probe]))
    let found = (0..<6).map { board.loss(0, step: $0).reports["probe"] }
    #expect(found == [3, nil, nil, 6, nil, nil])
    #expect(board.loss(0, step: 0).reports["probe keys"] == 1)
    #expect(board.buffers.contains("critic.game.probe.counter"))
  }

  @Test func `a term's value is added, and what it reads is given`() throws {
    var probe = Probe()
    probe.generatorNeedsReal = true
    let (plain, board) = (try Board(Objective(Hinge())), try Board(Objective(Hinge(), terms: [probe])))
    #expect(plain.game.phases.map(\.needsData) == [true, false] && board.game.phases.map(\.needsData) == [true, true])
    let report = board.loss(1)
    let (term, fake) = (try #require(report.reports["probe"]), report.value)
    #expect(fake.isFinite && term.isFinite && plain.loss(1).reports["probe"] == nil)
    // The critic sees what the augmentation makes of real and generated images.
    #expect(plain.loss(0).reports["real logit"] != board.loss(0).reports["real logit"])
    #expect(board.game.notes.isEmpty)
    #expect(try Board(Objective(Hinge(), terms: [probe]), hasBatchNorm: true).game.notes.count == 1)
    probe.needs = [.classes]
    let objective = Objective(Hinge(), terms: [probe])
    let error = #expect(throws: OptionError.self) { _ = try Board(objective) }
    #expect(error?.description.contains("reads classes") == true)
  }

  @Test func `clipped weights stay within their bound, on the networks that are meant`() throws {
    for (on, critic, generator) in [(NetworkChoice.critic, true, false), (.generator, false, true), (.both, true, true)] {
      var clipping = WeightClipping()
      clipping.on = on
      let board = try Board(Objective(Wasserstein(), constraints: [clipping]))
      board.play(steps: 2)
      #expect(board.values(1).allSatisfy { abs($0) <= 0.01 } == critic && board.values(0).allSatisfy { abs($0) <= 0.01 } == generator)
    }
  }

  @Test func `spectral norm can be had on all weights of a network, or on none`() throws {
    func spectral(_ text: String) throws -> [String] {
      try Board(Objective(Hinge(), constraints: try constraints.parseList(text))).buffers.filter { $0.hasSuffix(".u") }
    }
    #expect(try spectral("none") == ["generator.images.u", "critic.hidden.u"])
    #expect(try spectral("spectral") == ["generator.images.u", "critic.hidden.u", "critic.logits.u"])
    #expect(try spectral("spectral:enabled=false") == ["generator.images.u"])
    #expect(try spectral("spectral:enabled=false,on=both").isEmpty)
    let objective = Objective(Hinge(), constraints: [Spectral(), Spectral()])
    #expect(throws: OptionError.self) { _ = try objective.store("critic", .critic) }
  }
}
