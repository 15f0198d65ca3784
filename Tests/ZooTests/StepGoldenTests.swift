import Adversarial
import Foundation
import Kernels
import Layers
import Sharding
import Tensors
import Testing
import Zoo

/// One training step of every model, and its parameters, against our second description of it in PyTorch (Scripts/golden/models).
///
/// Both sides have the same weights, images and noise, drawn by formulas. The phases of the step run in order on the same weights (optimizers
/// are tested apart), while power iterations and states of losses go on from phase to phase.
@Suite struct StepGoldenTests {
  /// What Scripts/golden/steps.py has made of a model.
  struct Golden: Decodable {
    struct Setting: Decodable {
      let name: String
      let value: String
    }
    struct Phase: Decodable {
      let name: String
      let network: String
      let loss: Double
      let gradients: [String: [Double]]
    }
    struct Step: Decodable {
      let preset: String
      let size: Int
      let channels: Int
      let classes: Int?
      let settings: [Setting]
      let batch: Int
      let shards: Int
      let shapes: [String: [Int]]
      let phases: [Phase]
    }
    struct Count: Decodable {
      let preset: String
      let size: Int
      let channels: Int
      let classes: Int?
      let settings: [Setting]
      let counts: [String: Int]
    }
    let model: String
    let torch: String
    let steps: [Step]
    let counts: [Count]

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/steps")

    static func read(_ model: String) throws -> Golden {
      try JSONDecoder().decode(Golden.self, from: Data(contentsOf: folder.appending(path: "\(model).json")))
    }

    /// Names of the models that have a file.
    static let models: [String] =
      ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasSuffix(".json") }
      .map { String($0.dropLast(5)) }.sorted()
  }

  @Test func `every model has its file`() {
    #expect(zoo.entries.map(\.card.name).sorted() == Golden.models)
  }

  static func key(_ name: String) -> RandomKey { RandomKey(seed: 4, purpose: textHash(name), step: 0) }

  static func recipe(_ model: String, _ preset: String, _ settings: [Golden.Setting], _ data: DataFormat) throws -> any Recipe {
    var configured = try zoo.entry(model).configured(preset: preset)
    for setting in settings { try configured.set(setting.name, to: setting.value) }
    return try configured.build(data)
  }

  /// The script's first numbers: gains around 1, biases around 0, matrices and kernels by He's rule.
  static func fill(_ store: ParameterStore) {
    func write(_ entry: ParameterStore.Entry, _ memory: FlatMemory?, scale: Float, offset: Float) {
      guard let memory else { return }
      for (index, number) in Tensor.uniform([1, entry.count], from: -1, to: 1, key: key(entry.path)).values.enumerated() {
        unsafe memory.pointer[entry.offset + index] = offset + scale * number
      }
    }
    for entry in store.parameters {
      let isGain = entry.path.hasSuffix(".gain")
      let rows = entry.shape.dropLast().reduce(1, *)
      write(entry, store.values, scale: entry.shape.count < 2 || isGain ? 0.2 : (6 / Float(rows)).squareRoot(), offset: isGain ? 1 : 0)
    }
    for entry in store.buffers where entry.path.hasSuffix(".u") { write(entry, store.bufferValues, scale: 1, offset: 0) }
  }

  /// Largest error of a model's losses and of its gradients.
  struct Errors {
    var loss = 0.0
    var gradient = (0.0, "")
  }

  @Test(arguments: Golden.models)
  func `losses and gradients of a step agree with the description in PyTorch`(model: String) throws {
    let golden = try Golden.read(model)
    var errors = Errors()
    for step in golden.steps { try compare(step, model, &errors) }
    print(
      "\(model): \(golden.steps.count) steps against PyTorch \(golden.torch), largest errors: loss \(errors.loss), "
        + "gradient \(errors.gradient.0) (\(errors.gradient.1))")
  }

  private func compare(_ step: Golden.Step, _ model: String, _ errors: inout Errors) throws {
    let data = DataFormat(height: step.size, width: step.size, channels: step.channels, classes: step.classes)
    let recipe = try Self.recipe(model, step.preset, step.settings, data)
    for network in recipe.networks {
      network.store.allocate(seed: 1)
      Self.fill(network.store)
    }
    let found = Dictionary(uniqueKeysWithValues: recipe.networks.flatMap(\.store.parameters).map { ($0.path, $0.shape) })
    #expect(found == step.shapes, "paths and shapes of \(model), \(step.preset), \(step.size) px")

    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: step.batch, shardCount: step.shards)))
    let shape = [step.batch, step.size, step.size, step.channels]
    let images = Tensor.uniform(shape, from: -1, to: 1, key: Self.key("images"), layout: layout)
    let labels = step.classes.map { classes in Labels((0..<step.batch).map { Int32($0 * $0 % classes) }, layout: layout) }
    let streams = recipe.streams.map { stream in
      let images = Tensor.uniform(shape, from: -1, to: 1, key: Self.key("\(stream.name) images"), layout: layout)
      let labels = step.classes.map { classes in Labels((0..<step.batch).map { Int32(($0 + 1) % classes) }, layout: layout) }
      return (stream.name, RealBatch(images: images, labels: labels))
    }
    #expect(recipe.phases.map(\.name) == step.phases.map(\.name))
    for (phase, expected) in zip(recipe.phases, step.phases) {
      let place = "\(model) \(step.preset) \(step.settings.map { "\($0.name)=\($0.value)" }.joined(separator: " ")), \(phase.name)"
      let store = phase.network.store
      #expect(store.name == expected.network)
      let context = StepContext(
        seed: 4, step: 7, phase: phase.name, draw: 0, layout: layout, images: images, labels: labels,
        streams: Dictionary(uniqueKeysWithValues: streams))
      let loss = Double(store.gradient { phase.loss(context) }.scalar)
      let error = abs(loss - expected.loss) / max(1, abs(expected.loss))
      #expect(error < 1e-5, "\(place): loss \(loss), PyTorch \(expected.loss)")
      errors.loss = max(errors.loss, error)

      let largest = expected.gradients.values.map { WholeBatchTests.norm($0) }.max() ?? 0
      #expect(largest > 1e-6, "\(place): nothing to compare")
      #expect(Set(store.parameters.map(\.path)) == Set(expected.gradients.keys))
      for entry in store.parameters {
        let wanted = try #require(expected.gradients[entry.path])
        let got = (0..<entry.count).map { unsafe Double(store.gradientValues?.pointer[entry.offset + $0] ?? .nan) }
        let error = Self.error(got, wanted, largest: largest)
        #expect(error < 1e-4, "\(place): gradient of \(entry.path) is off by \(error), of at most \(largest)")
        if error.isNaN || error > errors.gradient.0 { errors.gradient = (error, entry.path) }
      }
    }
  }

  /// `‖got - wanted‖ / ‖wanted‖`. A bias before batch norm has a gradient of zero: there rounding is measured by the largest tensor's norm.
  static func error(_ got: [Double], _ wanted: [Double], largest: Double) -> Double {
    guard got.count == wanted.count else { return .infinity }
    let difference = WholeBatchTests.norm(zip(got, wanted).map { $0 - $1 })
    let own = WholeBatchTests.norm(wanted)
    let error = difference / (own < 1e-6 * largest ? largest : own)
    return error.isNaN ? .infinity : error
  }

  @Test func `a wrong gradient is found`() {
    #expect(Self.error([1, 2.001], [1, 2], largest: 5) > 1e-4 && Self.error([1, 2], [1, 2], largest: 5) == 0)
    #expect(Self.error([.nan, 2], [1, 2], largest: 5) == .infinity && Self.error([1], [1, 2], largest: 5) == .infinity)
    #expect(Self.error([1e-3], [0], largest: 1) > 1e-4 && Self.error([1e-6], [0], largest: 1) < 1e-4)
  }

  @Test(arguments: Golden.models)
  func `numbers of parameters at full size agree with the description in PyTorch`(model: String) throws {
    for count in try Golden.read(model).counts {
      let data = DataFormat(height: count.size, width: count.size, channels: count.channels, classes: count.classes)
      let recipe = try Self.recipe(model, count.preset, count.settings, data)
      let found = Dictionary(uniqueKeysWithValues: recipe.networks.map { ($0.store.name, $0.store.parameterCount) })
      #expect(found == count.counts, "\(model) \(count.preset), \(count.size) px")
    }
  }
}
