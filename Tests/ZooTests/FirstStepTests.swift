import Adversarial
import Kernels
import Layers
import Optimization
import Sharding
import Tensors
import Testing
import Zoo

/// A few steps of a recipe on drawn images, without the trainer.
struct Bench {
  let recipe: any Recipe
  let layout: BatchLayout
  let data: DataFormat

  init(_ recipe: any Recipe, batch: Int, data: DataFormat) {
    self.recipe = recipe
    self.data = data
    layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: batch, shardCount: min(8, batch))))
    for network in recipe.networks { network.store.allocate(seed: 1) }
  }

  func run(steps: Int) -> [Float] {
    var losses: [Float] = []
    for step in 0..<steps {
      for phase in recipe.phases {
        for draw in 0..<phase.times(step) {
          let images = Tensor.uniform(
            [layout.count, data.height, data.width, data.channels], from: -1, to: 1,
            key: RandomKey(seed: 5, purpose: UInt64(draw), step: UInt64(step)), layout: layout)
          let labels = data.classes.map { classes in Labels((0..<layout.count).map { Int32($0 % classes) }, layout: layout) }
          let context = StepContext(seed: 1, step: step, phase: phase.name, draw: draw, layout: layout, images: images, labels: labels)
          losses.append(phase.network.store.gradient { phase.loss(context) }.scalar)
          phase.network.update(step: step)
        }
      }
    }
    return losses
  }

  /// All numbers that training has left: parameters, buffers, averages.
  func state() -> [Float] {
    recipe.networks.flatMap { network in
      [network.store.values, network.store.bufferValues, network.average?.values, network.average?.buffers].compactMap { $0 }.flatMap {
        memory in unsafe Array(UnsafeBufferPointer(start: memory.pointer, count: memory.count))
      }
    }
  }
}

@Suite struct FirstStepTests {
  static let data = DataFormat(height: 32, width: 32, channels: 3, classes: 5)

  static func small(_ model: String, _ settings: [(String, String)] = []) throws -> any Recipe {
    var configured = try zoo.entry(model).configured()
    for (name, value) in smallest[model] ?? [] { try configured.set(name, to: value) }
    for (name, value) in settings { try configured.set(name, to: value) }
    return try configured.build(data)
  }

  /// Every model at a size that takes no time.
  static let smallest: [String: [(String, String)]] = [
    "biggan": [("channels", "2"), ("attention", "16")],
    "biggan-deep": [("channels", "4"), ("attention", "16")],
    "dcgan": [("generator-channels", "4"), ("discriminator-channels", "4")],
    "sagan": [("channels", "2"), ("attention", "16")],
  ]

  @Test(arguments: zoo.entries.map(\.card.name)) func `losses start in their range and stay finite`(model: String) throws {
    let losses = Bench(try Self.small(model), batch: 8, data: Self.data).run(steps: 3)
    #expect(losses.allSatisfy { $0.isFinite })
    // Non-saturating: 2 log 2 at logits of 0. BigGAN's sum pooling starts with logits far from 0; the hinge is at least 0.
    if model == "dcgan" {
      #expect(abs(losses[0] - 1.386) < 0.7, "losses \(losses)")
    } else {
      #expect(losses[0] >= 0 && losses[0] < 100, "losses \(losses)")
    }
  }

  @Test(arguments: zoo.entries.map(\.card.name)) func `two runs give the same bits`(model: String) throws {
    let runs = try (0..<2).map { _ in
      let bench = Bench(try Self.small(model), batch: 8, data: Self.data)
      return (bench.run(steps: 2), bench.state())
    }
    #expect(runs[0].0 == runs[1].0)
    #expect(runs[0].1 == runs[1].1)
  }

  /// Every option of every model, with a value that differs from the small model's.
  static let changes: [(String, String, String)] =
    largeBatchChanges + [
      ("dcgan", "generator-channels", "5"), ("dcgan", "discriminator-channels", "5"), ("dcgan", "latent", "50"), ("dcgan", "kernel", "5"),
      ("dcgan", "lr", "0.01"), ("dcgan", "beta1", "0.1"), ("dcgan", "beta2", "0.5"), ("dcgan", "average-decay", "0.3"),
    ] + gameChanges.map { ("dcgan", $0.0, $0.1) }

  /// What can be changed of any game; none of these is a model's default.
  private static let gameChanges = [
    ("loss", "wasserstein"), ("term", "orthogonal:strength=0.01"), ("constraint", "weight-clipping"),
    ("schedule", "linear:over=2"), ("optimizer", "rmsprop:on=generator"), ("critic-steps", "3"),
  ]

  private static let largeBatchChanges = [
    ("biggan", [("channels", "3"), ("latent", "40"), ("hierarchical", "false"), ("shared-embedding", "8"), ("attention", "0")]),
    ("biggan-deep", [("channels", "5"), ("latent", "40"), ("shared-embedding", "8"), ("attention", "0")]),
    ("sagan", [("form", "strided"), ("channels", "3"), ("latent", "40"), ("attention", "0")]),
  ].flatMap { model, own in
    let common = [
      ("generator-lr", "0.01"), ("discriminator-lr", "0.01"), ("beta1", "0.5"), ("beta2", "0.5"),
      ("adam-epsilon", "0.01"), ("average-decay", "0.5"), ("average-start", "5"), ("initializer", "normal"),
      ("spectral-epsilon", "5"), ("batch-norm-epsilon", "0.1"),
    ]
    return (own + common + gameChanges).map { (model, $0.0, $0.1) }
  }

  @Test func `every option is among the changes tried`() throws {
    for entry in zoo.entries {
      let names = try entry.configured().options.map(\.name)
      #expect(names == Self.changes.filter { $0.0 == entry.card.name }.map(\.1))
    }
  }

  @Test(arguments: changes) func `every option changes the plan or the first steps`(model: String, name: String, value: String) throws {
    let base: [(String, String)] = name == "spectral-epsilon" ? [("spectral-epsilon", "1e-6")] : [("average-start", "0")]
    let strided = name == "form" ? [("channels", "8")] : []
    let settings = (model == "dcgan" ? [] : base) + strided
    let plain = Bench(try Self.small(model, settings), batch: 4, data: Self.data)
    let changed = Bench(try Self.small(model, settings + [(name, value)]), batch: 4, data: Self.data)
    let losses = (plain.run(steps: 2), changed.run(steps: 2))
    #expect(losses.0 != losses.1 || plain.state() != changed.state())
  }
}
