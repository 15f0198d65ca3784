import Adversarial
import Communication
import Datasets
import Kernels
import Layers
import Optimization
import Tensors
import TestSupport
import Testing
import Zoo

@testable import Training

/// A game of dense networks on 4x4 images; its generator can be built so that it does not read z.
final class DenseGame: GameModel {
  struct Options: GameOptions {
    var readsLatent = true
    var objective = Objective(NonSaturating())
    static var fields: [OptionField<Self>] { [.value("reads-latent", \.readsLatent, "whether the generator reads z")] }
    static var presets: [Preset<Self>] {
      [Preset(name: "dense", summary: "for tests", options: Options(), run: RunDefaults(batch: 8, steps: 6))]
    }
    mutating func scaleLearningRates(by factor: Float) {}
  }
  static let card = ModelCard(name: "dense", paper: "", authors: "", link: "", summary: "", deviations: [])
  let game: Game

  init(_ options: Options, data: DataFormat) throws {
    let stores = (ParameterStore(name: "generator"), ParameterStore(name: "critic"))
    let images = Dense(Scope(stores.0)["images"], from: 3, to: 16, initializer: .normal(deviation: 1))
    let (hidden, logits) = (Dense(Scope(stores.1)["hidden"], from: 16, to: 8), Dense(Scope(stores.1)["logits"], from: 8, to: 1))
    game = try Game(
      options.objective, model: "dense",
      generator: Generator(Network(store: stores.0, optimizer: Adam(stores.0, .init(learningRate: 0.01))), latent: 3, classes: nil) {
        images(options.readsLatent ? $0 : $0 * 0 + 0.5, $2).hyperbolicTangent().reshaped([-1, 4, 4, 1])
      },
      critic: Critic(
        Network(store: stores.1, optimizer: Adam(stores.1, .init(learningRate: 0.01))), parts: [.features], hasBatchNorm: false
      ) {
        let features = hidden($0.reshaped([-1, 16]), $2).hyperbolicTangent()
        return CriticOutput(logits: logits(features, $2), features: features)
      })
  }
}

/// Examinations within runs of the trainer.
@Suite struct ExaminationTests {
  static func records(
    _ model: any ConfiguredModel, every: Int, steps: Int, accumulation: Int = 1, _ source: some ImageSource = DrawnImages()
  ) throws -> (records: [StepRecord], hash: UInt64) {
    var options = RunOptions(model.run)
    options.steps = steps
    options.accumulation = accumulation
    options.batch = 8
    options.shards = 4
    options.healthEvery = every
    let trainer = try Trainer(model, options: options, source: source, communicator: SingleProcess())
    let observer = Silence()
    _ = try trainer.train(checkpoints: nil, observer: observer)
    return (observer.records, trainer.recipe.stateHash())
  }

  private func dense(_ settings: (String, String)...) throws -> any ConfiguredModel {
    var model = try ModelEntry(DenseGame.self).configured()
    for (name, value) in settings { try model.set(name, to: value) }
    return model
  }

  @Test func `a generator that does not read z is told that its samples are nearly identical`() throws {
    func warnings(_ readsLatent: String) throws -> [String] {
      let run = try Self.records(try dense(("reads-latent", readsLatent)), every: 2, steps: 12)
      #expect(run.records.map { $0.health != nil } == (1...12).map { $0 % 2 == 0 })
      var monitor = HealthMonitor()
      return run.records.compactMap(\.health).flatMap { monitor.warnings($0) }
    }
    let found = try warnings("false")
    #expect(found.count == 1 && found[0].hasPrefix("samples nearly identical: from different z they lie 0.0 apart"), "\(found)")
    #expect(try warnings("true").isEmpty)
  }

  @Test(arguments: [1, 2]) func `examinations leave no trace in training`(accumulation: Int) throws {
    for settings in [
      [("term", "ada:kimg=0.05,interval=1 lecam:start=1 r1:every=2")], [("loss", "relativistic:pairing=average,form=hinge")],
      [("loss", "mmd"), ("constraint", "spectral:on=both")], [("constraint", "gradient-clipping:norm=0.5 weight-norm")],
    ] {
      var model = try dense()
      for (name, value) in settings { try model.set(name, to: value) }
      let hashes = try [0, 1, 3].map { try Self.records(model, every: $0, steps: 5, accumulation: accumulation).hash }
      #expect(Set(hashes).count == 1, "\(settings): \(hashes)")
    }
  }

  @Test(arguments: zoo.entries.map(\.card.name)) func `examinations leave no trace in the models of the zoo`(name: String) throws {
    let model = try Miniature.configured(zoo.entry(name))
    let source = WideImages()
    let runs = try [0, 1].map { try Self.records(model, every: $0, steps: 2, source) }
    #expect(runs[0].hash == runs[1].hash)
    let health = try #require(runs[1].records.last?.health)
    let loss = try divergences.parse(try #require(model.options.first { $0.name == "loss" }?.value))
    // Of weights by direction and length the direction alone has no singular value that says anything.
    let hasLengths = model.options.contains { $0.name == "constraint" && $0.value.contains("weight-norm") }
    let singular = hasLengths ? [] : ["singular value"]
    let judged = loss.threshold == nil ? [] : ["accuracy"]
    #expect(health.quantities.map(\.name) == judged + ["slope", "loss slope", "distance", "gradient"] + singular)
    #expect(health.quantities.allSatisfy { $0.entries.allSatisfy { $0.value.isFinite && $0.value >= 0 } }, "\(health)")
    #expect(health.gradients.allSatisfy { $0.value > 0 } && (hasLengths || health.singularValues.count > 2))
  }

  @Test func `a loss of pairs refuses a batch of one image with 65, in a plan too`() throws {
    for (option, text) in [("loss", "mmd"), ("loss", "cramer"), ("term", "r1 pulling-away")] {
      let model = try dense((option, text))
      var options = RunOptions(model.run)
      (options.batch, options.shards) = (1, 1)
      let name = "--\(option) \(text.split(separator: " ").last ?? "")"
      let errors = [
        #expect(throws: RunError.self) {
          _ = try Trainer(model, options: options, source: DrawnImages(), communicator: SingleProcess())
        },
        #expect(throws: RunError.self) {
          _ = try Plan(model, options: options, data: DataFormat(height: 4, width: 4, channels: 1, classes: nil), ranks: 1)
        },
      ]
      for error in errors {
        #expect(error?.code == .mismatch && error?.description.hasPrefix("\(name) compares") == true, "\(error as Any)")
      }
      (options.batch, options.shards) = (2, 1)
      _ = try Trainer(model, options: options, source: DrawnImages(), communicator: SingleProcess())
    }
    var options = RunOptions(try dense().run)
    (options.batch, options.shards, options.healthEvery, options.steps) = (1, 1, 1, 2)
    let trainer = try Trainer(try dense(), options: options, source: DrawnImages(), communicator: SingleProcess())
    let observer = Silence()
    _ = try trainer.train(checkpoints: nil, observer: observer)
    #expect(observer.records.last?.health?.distances.real == nil && observer.records.last?.health != nil)
  }
}

/// Eleven coloured images of three classes.
struct WideImages: ImageSource {
  let name = "wide"
  let format = ImageFormat(channels: 3, height: 32, width: 32)
  let count = 11
  let labels: [Int32]? = (0..<11).map { Int32($0 % 3) }
  let classNames: [String]? = ["a", "b", "c"]
  let fingerprint: UInt64 = 2
  func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    for pixel in buffer.indices { unsafe buffer[pixel] = UInt8((index * 37 + pixel * (11 + index % 7)) % 256) }
  }
}
