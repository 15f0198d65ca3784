import Layers
import Optimization
import Sharding
import Tensors
import TestSupport
import Testing

@testable import Adversarial

/// What terms do over several steps, and when they are refused.
@Suite struct TermRulesTests {
  /// A game whose critic's logits are the means of images, so that signs and averages are known.
  struct MeanGame {
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 4, shardCount: 2)))
    let game: Game
    let critic = ParameterStore(name: "critic")

    init(
      _ term: String, gives: CriticReading = .logits, hasBatchNorm: Bool = false, parts: Set<CriticPart> = [],
      loss: any Divergence = NoLoss()
    ) throws {
      let generator = ParameterStore(name: "generator")
      let shift = Scope(generator).parameter("shift", [1, 1, 1, 1], .zeros)
      let scale = Scope(critic).parameter("scale", [1], .ones)
      game = try Game(
        Objective(loss, terms: Adversarial.terms.parseList(term)), model: "means",
        generator: Generator(Network(store: generator, optimizer: GradientDescent(generator, learningRate: 0)), latent: 1, classes: nil) {
          latent, _, _ in (shift.tensor - 0.5).broadcast(to: [latent.shape[0], 2, 2, 1], layout: latent.layout)
        },
        critic: Critic(
          Network(store: critic, optimizer: GradientDescent(critic, learningRate: 0)), gives: gives, parts: parts,
          hasBatchNorm: hasBatchNorm
        ) { images, _, _ in
          CriticOutput(logits: images.mean(axes: [1, 2, 3]).reshaped([images.shape[0], 1]) * scale.tensor)
        })
      for network in game.networks { network.store.allocate(seed: 1) }
    }

    /// One evaluation of the critic's loss on images of these means.
    func criticStep(_ means: [Float], step: Int, draw: Int = 0, parts: Int = 1) -> (loss: Float, reports: [String: Float]) {
      let images = Tensor(rows: means.flatMap { [Float](repeating: $0, count: 4) }, shape: [4, 2, 2, 1], layout: layout)
      let context = StepContext(
        seed: 1, step: step, phase: "discriminator", draw: draw, parts: parts, layout: layout, images: images, labels: nil)
      let loss = critic.gradient { game.phases[0].loss(context) }.scalar
      return (loss, Dictionary(uniqueKeysWithValues: context.reports.map { ($0.name, $0.value.scalar) }))
    }

    func state(_ name: String) -> Float {
      guard let entry = critic.buffers.first(where: { $0.path.hasSuffix(".\(name)") }), let memory = critic.bufferValues else {
        return .nan
      }
      return unsafe memory.pointer[entry.offset]
    }
  }

  @Test func `ADA's p rises while the critic is surer of real images than the target, and falls while it is less`() throws {
    // Four images an update, two updates: 8 of 100 images.
    let mean = try MeanGame("ada:target=0.5,kimg=0.1,interval=2,color=false,translation=0,cutout=0")
    for step in 0..<4 { #expect(mean.criticStep([1, 2, 3, 4], step: step).reports["ada sign"] == 1) }
    #expect(abs(mean.state("p") - 0.16) < 1e-6)
    // A mean sign of 0.5, then of 0: their mean lies below the target.
    _ = mean.criticStep([1, 1, 1, -1], step: 4)
    #expect(abs(mean.state("p") - 0.16) < 1e-6 && mean.state("updates") == 1)
    _ = mean.criticStep([1, 1, -1, -1], step: 5)
    #expect(abs(mean.state("p") - 0.08) < 1e-6 && mean.state("updates") == 0)
    // It stays within 0 and 1.
    for step in 6..<12 { _ = mean.criticStep([-1, -1, -1, -1], step: step) }
    #expect(mean.state("p") == 0)
    for step in 12..<60 { _ = mean.criticStep([1, 1, 1, 1], step: step) }
    #expect(mean.state("p") == 1)
  }

  @Test func `three parts of a batch are one update of ADA`() throws {
    let mean = try MeanGame("ada:target=0.5,kimg=0.1,interval=2,color=false,translation=0,cutout=0")
    for update in 0..<2 {
      for part in 0..<3 { _ = mean.criticStep([1, 1, 1, 1], step: update, draw: part, parts: 3) }
      #expect(abs(mean.state("p") - (update == 0 ? 0 : 0.24)) < 1e-6)
    }
  }

  @Test func `LeCam's averages follow the batch until it starts, and the penalty is its formula`() throws {
    let mean = try MeanGame("lecam:strength=2,decay=0.75,start=1")
    #expect(mean.criticStep([1, 2, 3, 4], step: 0).loss == 0)
    #expect(mean.state("real") == 2.5 && mean.state("fake") == -0.5)
    let loss = mean.criticStep([0, 1, 0, 1], step: 1).loss
    let (real, fake): (Float, Float) = (0.75 * 2.5 + 0.25 * 0.5, -0.5)
    #expect(abs(mean.state("real") - real) < 1e-6 && mean.state("fake") == fake)
    let expected = 2 * ((0.25 + 2.25) / 2 + (-0.5 - real) * (-0.5 - real))
    #expect(abs(loss - expected) < 1e-5)
  }

  @Test func `a lazy term comes every so many steps, and as much stronger`() throws {
    let (usual, lazy) = (try MeanGame("r1:gamma=2"), try MeanGame("r1:gamma=2,every=3"))
    for step in 0..<7 {
      let (a, b) = (usual.criticStep([1, 2, 3, 4], step: step), lazy.criticStep([1, 2, 3, 4], step: step))
      // Four pixels with a slope of 1/4 each.
      #expect(abs(a.loss - 0.25) < 1e-6)
      #expect(abs(b.loss - (step % 3 == 0 ? 0.75 : 0)) < 1e-6 && (b.reports["r1"] != nil) == (step % 3 == 0))
    }
  }

  @Test func `r1 and r2 together are the sum of both`() throws {
    let both = try MeanGame("r1:gamma=2 r2:gamma=4").criticStep([1, 2, 3, 4], step: 0)
    #expect(abs(both.loss - 0.75) < 1e-6 && both.reports["r1"] == 0.25 && both.reports["r2"] == 0.5)
  }

  @Test(arguments: terms.entries.filter(\.readsSlopes).map(\.text))
  func `batch norm under a penalty on slopes is warned about`(_ form: String) throws {
    #expect(try MeanGame(form, hasBatchNorm: true).game.notes.contains { $0.contains("--term \(form.prefix { $0 != ":" })") })
    #expect(try MeanGame(form).game.notes.isEmpty)
  }

  @Test func `penalties on slopes say that they are, and others do not`() {
    let slopes = terms.entries.filter(\.readsSlopes).map(\.card.name)
    #expect(slopes == ["gradient-penalty", "dragan", "r1", "r2", "roth", "zero-centred", "maximal-gradient"])
  }

  @Test(arguments: terms.entries.filter { !$0.needs.isEmpty }.map(\.card.name))
  func `a term whose part the critic does not give is refused by name`(_ name: String) throws {
    let part = try #require(terms.entries.first { $0.card.name == name }?.needs.first)
    let error = #expect(throws: OptionError.self) { _ = try MeanGame(name) }
    #expect(error?.description.contains("--term \(name) reads \(part.rawValue)") == true)
  }

  @Test func `terms of classes and of further images are refused where there are none`() {
    for (name, words) in [("auxiliary-class", "takes none"), ("mutual-information", "takes none"), ("few-labels", "reads labelled images")]
    {
      let error = #expect(throws: OptionError.self) { _ = try MeanGame(name, parts: [.classes, .codes]) }
      #expect(error?.description.contains("--term \(name)") == true && error?.description.contains(words) == true)
    }
  }

  @Test func `terms of logits are refused where the critic gives energies`() throws {
    #expect(terms.entries.filter(\.needsLogits).map(\.card.name) == ["roth", "ada"])
    for name in ["roth", "ada"] {
      let error = #expect(throws: OptionError.self) { _ = try MeanGame(name, gives: .energy, loss: EnergyMargin()) }
      #expect(error?.description.contains("--term \(name) is a function of logits") == true)
    }
    #expect(try MeanGame("r1", gives: .energy, loss: EnergyMargin()).game.phases.count == 2)
  }

  @Test func `the critic of WGAN catches up at first and every 500 steps`() {
    let updates = [0, 24, 25, 26, 499, 500, 501, 1000].map { CriticSchedule.wasserstein($0) }
    #expect(updates == [100, 100, 5, 5, 5, 100, 5, 100])
    #expect((0..<3).map { CriticSchedule(2)($0) } == [2, 2, 2])
  }
}
