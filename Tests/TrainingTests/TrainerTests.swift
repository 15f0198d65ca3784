import Adversarial
import Communication
import Datasets
import Foundation
import Layers
import Optimization
import Tensors
import Testing

@testable import Training

/// A least-squares pair of dense networks on 4x4 images: enough of a model for the trainer.
final class TinyModel: Model {
  struct Options: ModelOptions {
    var rate: Float = 0.01
    static var fields: [OptionField<Self>] { [.value("rate", \.rate, "step size", in: 0...1)] }
    static var presets: [Preset<Self>] {
      [Preset(name: "tiny", summary: "for tests", options: Options(), run: RunDefaults(batch: 6, steps: 20))]
    }
    mutating func scaleLearningRates(by factor: Float) { rate *= factor }
  }

  static let card = ModelCard(name: "tiny", paper: "", authors: "", link: "", summary: "", deviations: [])
  let networks: [Network]
  let sampling = SamplingTraits(latentSize: 3, classes: nil, canTruncate: true)
  private let generator: Dense
  private let critic: Dense
  private let norm: BatchNorm

  init(_ options: Options, data: DataFormat) throws {
    let (first, second) = (ParameterStore(name: "generator"), ParameterStore(name: "critic"))
    generator = Dense(Scope(first)["dense"], from: 3, to: 16, initializer: .xavier)
    norm = BatchNorm(Scope(first)["norm"], channels: 16)
    critic = Dense(Scope(second)["dense"], from: 16, to: 1, initializer: .xavier, spectral: .init())
    networks = [
      Network(
        store: first, optimizer: Adam(first, .init(learningRate: options.rate)), average: WeightAverage(first, decay: 0.9, start: 3)),
      Network(store: second, optimizer: GradientDescent(second, learningRate: options.rate, momentum: 0.5)),
    ]
  }

  private func images(_ latent: Tensor, _ mode: Mode) -> Tensor { norm(generator(latent, mode), mode).hyperbolicTangent() }

  var phases: [Phase] {
    [
      Phase("critic", updating: networks[1], needsData: true, times: { _ in 2 }) { [self] context in
        let real = critic(context.images.reshaped([-1, 16]), .training)
        let fake = critic(images(context.normalLatent(3), .training), .training)
        return (real - 1).squared().mean() + fake.squared().mean()
      },
      Phase("generator", updating: networks[0], needsData: false) { [self] context in
        (critic(images(context.normalLatent(3), .training), .training) - 1).squared().mean()
      },
    ]
  }

  func sample(_ request: SampleRequest) -> Tensor { images(request.latent, request.mode).reshaped([-1, 4, 4, 1]) }
}

/// Twenty-three drawn images.
struct DrawnImages: ImageSource {
  let name = "drawn"
  let format = ImageFormat(channels: 1, height: 4, width: 4)
  let count = 23
  let labels: [Int32]? = nil
  let classNames: [String]? = nil
  let fingerprint: UInt64 = 1
  func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    for pixel in buffer.indices { unsafe buffer[pixel] = UInt8((index * 37 + pixel * 11) % 256) }
  }
}

final class Silence: RunObserver {
  var records: [StepRecord] = []
  func stepDone(_ record: StepRecord) throws { records.append(record) }
  func checkpointWritten(_ path: String, step: Int) throws {}
  func samplesDue(step: Int, _ sampler: Sampler) throws {}
}

@Suite struct TrainerTests {
  static func trainer(steps: Int, accumulation: Int = 1, rate: String = "0.01", isDebug: Bool = false) throws -> Trainer {
    var model = try ModelEntry(TinyModel.self).configured()
    try model.set("rate", to: rate)
    var options = RunOptions(model.run)
    options.steps = steps
    options.accumulation = accumulation
    options.shards = 3
    options.isDebug = isDebug
    return try Trainer(model, options: options, source: DrawnImages(), communicator: SingleProcess())
  }

  @Test(arguments: [1, 2]) func `ten steps, a resume and ten more have the bits of twenty`(accumulation: Int) throws {
    try RunDirectoryTests.temporary { path in
      let checkpoints = CheckpointDirectory(output: path)
      try checkpoints.prepare()
      // Two critic updates of six images a step pass the 23 images several times.
      let straight = try Self.trainer(steps: 20, accumulation: accumulation)
      #expect(try straight.train(checkpoints: nil, observer: Silence()) == .finished)
      let first = try Self.trainer(steps: 10, accumulation: accumulation)
      _ = try first.train(checkpoints: checkpoints, observer: Silence())
      let second = try Self.trainer(steps: 20, accumulation: accumulation)
      try second.restore(from: checkpoints.file(step: 10))
      #expect(second.step == 10 && second.recipe.stateHash() == first.recipe.stateHash())
      _ = try second.train(checkpoints: checkpoints, observer: Silence())
      #expect(second.recipe.stateHash() == straight.recipe.stateHash())
      #expect(second.recipe.stateHash() != first.recipe.stateHash())
    }
  }

  @Test func `a resume under another option is refused with 65 and names both values`() throws {
    try RunDirectoryTests.temporary { path in
      let checkpoints = CheckpointDirectory(output: path)
      try checkpoints.prepare()
      _ = try Self.trainer(steps: 2).train(checkpoints: checkpoints, observer: Silence())
      let other = try Self.trainer(steps: 4, rate: "0.02")
      let error = #expect(throws: RunError.self) { try other.restore(from: checkpoints.file(step: 2)) }
      #expect(error?.code == .mismatch && error?.description.contains("rate was 0.01, is 0.02") == true)
    }
  }

  @Test func `a step counts the images of all updates and parts and reports each phase`() throws {
    let observer = Silence()
    _ = try Self.trainer(steps: 1, accumulation: 2).train(checkpoints: nil, observer: observer)
    #expect(
      observer.records.count == 1 && observer.records[0].images == 24 && observer.records[0].losses.map(\.name) == ["critic", "generator"])
  }

  @Test func `a loss that is no number ends the run with 78 and names phase and step`() throws {
    let trainer = try Self.trainer(steps: 200, rate: "1")
    guard let memory = trainer.recipe.networks[1].store.values else { return }
    unsafe memory.pointer[0] = .infinity
    let error = #expect(throws: RunError.self) { try trainer.train(checkpoints: nil, observer: Silence()) }
    #expect(error?.code == .notANumber && error?.description.contains("step 0: critic") == true)
  }

  @Test func `the plan counts parameters, operations and bytes by hand`() throws {
    let model = try ModelEntry(TinyModel.self).configured()
    var options = RunOptions(model.run)
    options.shards = 3
    let plan = try Plan(model, options: options, data: DataFormat(height: 4, width: 4, channels: 1, classes: nil), ranks: 3)
    #expect(plan.networks.map(\.parameters) == [3 * 16 + 16 + 32, 17])
    // Two critic updates and one of the generator.
    #expect(plan.reducedBytesPerStep == (2 * 17 + 96) * 4)
    // At least the dense products: forward of both networks, two of the three passes backward.
    #expect(plan.flopsPerStep > 2.0 * 6 * 48 * 3 && plan.flopsPerStep < 1e6)
    #expect(plan.activationBytesPerRank > 2 * 16 * 4)
  }

  @Test func `samples are functions of the seed, and truncation bounds z`() throws {
    let trainer = try Self.trainer(steps: 3)
    _ = try trainer.train(checkpoints: nil, observer: Silence())
    let sampler = Sampler(trainer.recipe, format: trainer.format, seed: 5, batch: 4)
    let before = trainer.recipe.stateHash()
    let some = sampler.images(labels: [0, 0, 0, 0, 0, 0], truncation: 0.5)
    #expect(some.count == 6 * 16 && some == sampler.images(labels: [0, 0, 0, 0, 0, 0], truncation: 0.5))
    #expect(some != sampler.images(labels: [0, 0, 0, 0, 0, 0]))
    #expect(trainer.recipe.stateHash() == before)
  }
}
