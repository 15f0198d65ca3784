import Adversarial
import Kernels
import Layers
import Optimization
import Sharding
import Tensors
import TestSupport
import Testing
import Zoo

/// A whole training step against the same step in Double on the whole batch, each primitive by its naive reference.
@Suite struct WholeBatchTests {
  /// A model at one size.
  struct Size: Sendable, CustomTestStringConvertible {
    let model: String
    var preset: String?
    var settings: [(String, String)] = []
    let batch: Int
    let shardCount: Int
    var testDescription: String { "\(model) \(preset ?? "small"), batch \(batch) in \(shardCount) shards" }

    func build() throws -> any Recipe {
      guard let preset else { return try FirstStepTests.small(model, settings) }
      return try zoo.entry(model).configured(preset: preset).build(FirstStepTests.data)
    }
  }

  /// Every model, and those with convolutions also with 16 channels, so that 3x3 kernels go by Winograd; and a demo at its own width.
  static let sizes: [Size] =
    zoo.entries.map { Size(model: $0.card.name, batch: 5, shardCount: 3) } + [
      Size(model: "biggan", settings: [("channels", "4"), ("term", "orthogonal:strength=0.001")], batch: 5, shardCount: 3),
      Size(model: "dcgan", settings: [("generator-channels", "8")], batch: 5, shardCount: 3),
      Size(model: "biggan", preset: "demo", batch: 8, shardCount: 8),
      Size(model: "biggan-deep", settings: [("channels", "16")], batch: 5, shardCount: 3),
      Size(model: "sagan", settings: [("channels", "8"), ("form", "strided")], batch: 5, shardCount: 3),
      Size(model: "wgan-gp", settings: [("channels", "16")], batch: 3, shardCount: 3),
    ]

  @Test(arguments: sizes, [0, 1]) func `a step of gradient descent agrees with a replay in Double`(_ size: Size, phaseIndex: Int) throws {
    let recipe = try size.build()
    for network in recipe.networks { network.store.allocate(seed: 3) }
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: size.batch, shardCount: size.shardCount)))
    let images = Tensor.uniform(
      [size.batch, 32, 32, 3], from: -1, to: 1, key: RandomKey(seed: 5, purpose: 0, step: 0), layout: layout)
    let labels = Labels((0..<size.batch).map { Int32($0 % 5) }, layout: layout)
    let phase = recipe.phases[phaseIndex]
    let store = phase.network.store
    let streams = recipe.streams.map { ($0.name, RealBatch(images: images * 0.5, labels: labels)) }
    let context = StepContext(
      seed: 1, step: 0, phase: phase.name, draw: 0, layout: layout, images: images, labels: labels,
      streams: Dictionary(uniqueKeysWithValues: streams))

    let before = store.parameters.map { Self.values(store, $0) }
    var expected: [Double] = []
    Observation.observing(GraphKeeper()) {
      _ = store.gradient {
        let loss = phase.loss(context)
        let recorded = recordedGradients(of: loss, at: store.namedParameters.map(\.tensor))
        let parts = zip(recorded, store.parameters).map { gradient, entry in
          (gradient ?? Tensor(repeating: 0, shape: entry.shape)).reshaped([entry.count])
        }
        expected = Replay(of: concatenated(parts, axis: 0)).value.values
        return loss
      }
    }

    let rate: Float = 0.1
    GradientDescent(store, learningRate: rate).update(store)
    var start = 0
    let steps = store.parameters.map { entry in
      defer { start += entry.count }
      return expected[start..<(start + entry.count)].map { $0 * Double(rate) }
    }
    let largest = steps.map(Self.norm).max() ?? 0
    for ((entry, old), step) in zip(zip(store.parameters, before), steps) {
      let wanted = zip(old, step).map { Double($0) - $1 }
      let difference = Self.norm(zip(Self.values(store, entry), wanted).map { Double($0) - $1 })
      // A bias before batch norm has a gradient of zero (in Double, of what the Float constant 1/count leaves): rounding is measured by
      // the largest step of a tensor.
      // A gradient may be a difference of terms near 1, as the critic's last bias has it, which Float rounds by 6e-8: below 1e-8 after the
      // rate nothing can be said.
      let scale = Self.norm(step) < 1e-6 * largest ? largest : max(Self.norm(wanted), 1e-3)
      #expect(difference < 1e-5 * scale, "\(entry.path): relative difference \(difference / scale)")
    }
    #expect(start == expected.count && largest > 0)
  }

  static func values(_ store: ParameterStore, _ entry: ParameterStore.Entry) -> [Float] {
    guard let memory = store.values else { return [] }
    return unsafe Array(UnsafeBufferPointer(start: memory.pointer + entry.offset, count: entry.count))
  }

  static func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
