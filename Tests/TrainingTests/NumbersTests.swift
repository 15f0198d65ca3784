import Adversarial
import Communication
import Datasets
import Foundation
import Layers
import Optimization
import Tensors
import Testing

@testable import Training

/// Numbers that are none, and numbers that can be worked out by hand.
@Suite struct NumbersTests {
  private static func linear(_ settings: [(String, String)] = [], _ change: (inout RunOptions) -> Void = { _ in }) throws -> Trainer {
    var model = try ModelEntry(LinearModel.self).configured()
    for (name, text) in settings { try model.set(name, to: text) }
    var options = RunOptions(model.run)
    options.shards = 2
    options.flips = false
    options.checkpointEvery = .never
    change(&options)
    return try Trainer(model, options: options, source: DrawnImages(), communicator: SingleProcess())
  }

  private static func weights(_ trainer: Trainer) -> [Float] { trainer.recipe.networks[0].store.namedParameters[0].tensor.values }

  @Test func `a step of accumulated parts is the step of the whole batch`() throws {
    let whole = try Self.linear { ($0.batch, $0.steps) = (8, 1) }
    let parts = try Self.linear { ($0.batch, $0.accumulation, $0.steps) = (2, 4, 1) }
    for trainer in [whole, parts] { _ = try trainer.train(checkpoints: nil, observer: Silence()) }
    // The same eight images: means over them differ by rounding only.
    let largest = zip(Self.weights(whole), Self.weights(parts)).map { abs($0 - $1) }.max() ?? 1
    #expect(largest < 1e-6 && Self.weights(whole).contains { abs($0) > 1e-3 }, "largest difference \(largest)")
  }

  @Test func `each update and each accumulated part of each step has latent vectors of its own`() throws {
    let trainer = try Self.linear([("updates", "2")]) { ($0.accumulation, $0.steps) = (3, 2) }
    _ = try trainer.train(checkpoints: nil, observer: Silence())
    let latents = try #require(trainer.recipe as? LinearModel).latents
    #expect(latents.count == 2 * 3 * 2 && Set(latents).count == latents.count)
  }

  @Test func `the first step moves the weights by the rate times the mean gradient over the batch`() throws {
    let trainer = try Self.linear { $0.steps = 1 }
    #expect(trainer.options.batch == 8)
    let loader = BatchLoader(trainer.source, seed: trainer.options.seed, batch: 8)
    let images = try loader.next().images
    _ = try trainer.train(checkpoints: nil, observer: Silence())
    // Weights start at 0, so the loss is mean (0 - 1)², its gradient -2 mean x.
    let expected = (0..<16).map { pixel in 0.5 * 2 * (0..<8).reduce(Float(0)) { $0 + images[$1 * 16 + pixel] } / 8 }
    let largest = zip(Self.weights(trainer), expected).map { abs($0 - $1) }.max() ?? 1
    #expect(largest < 1e-6, "largest difference \(largest)")
  }

  @Test(arguments: [(LearningRateRule.none, "0.5"), (.linear, "2.0"), (.sqrt, "1.0")])
  func `learning rates follow batch times accumulation by the rule`(_ rule: LearningRateRule, _ rate: String) throws {
    let model = try ModelEntry(LinearModel.self).configured()
    var options = RunOptions(model.run)
    (options.batch, options.accumulation, options.learningRateRule) = (16, 2, rule)
    #expect(options.prepared(model).options.first { $0.name == "rate" }?.value == rate)
  }

  @Test func `the plan's operations are those of the products, and follow accumulation`() throws {
    var model = try ModelEntry(LinearModel.self).configured()
    try model.set("outputs", to: "64")
    let data = DataFormat(height: 16, width: 16, channels: 3, classes: nil)
    var options = RunOptions(model.run)
    let plan = try Plan(model, options: options, data: data, ranks: 1)
    // Output and weight gradient, two operations a product; all else is of the order of the outputs.
    let products = 2.0 * 2 * 8 * 768 * 64
    #expect(plan.flopsPerStep >= products && plan.flopsPerStep < 1.01 * products)
    #expect(plan.networks.map(\.parameters) == [768 * 64] && plan.reducedBytesPerStep == 0)
    options.accumulation = 3
    let threefold = try Plan(model, options: options, data: data, ranks: 2)
    #expect(threefold.flopsPerStep == 3 * plan.flopsPerStep && threefold.reducedBytesPerStep == 768 * 64 * 4)
  }

  @Test func `the plan's state has the size of the arrays: parameters, buffers, gradient, optimizer, averages`() throws {
    let model = try ModelEntry(TinyModel.self).configured()
    let plan = try Plan(
      model, options: RunOptions(model.run), data: DataFormat(height: 4, width: 4, channels: 1, classes: nil), ranks: 1)
    // The generator's 96 parameters five times, its 2x16 moments twice; the critic's 17 parameters three times (momentum
    // remembers one number), its u and v.
    #expect(plan.stateBytesPerRank == 4 * (5 * 96 + 2 * 32 + 3 * 17 + 17))
  }

  @Test func `debug stops in the step where a result is no number, though the loss is one`() throws {
    // 1 / e^1000 is 1 / infinity: the loss is finite for ever.
    let observer = Silence()
    let settings = [("exponent", "1000"), ("rate", "0.01")]
    _ = try Self.linear(settings).train(checkpoints: nil, observer: observer)
    #expect(observer.records.count == 3 && observer.records.allSatisfy { $0.losses[0].value.isFinite })
    let checked = Silence()
    let trainer = try Self.linear(settings) { $0.isDebug = true }
    let error = #expect(throws: RunError.self) { try trainer.train(checkpoints: nil, observer: checked) }
    #expect(error?.code == .notANumber && checked.records.isEmpty)
    #expect(error?.description.contains("step 0: map: unary gave inf at element 0 of shape []") == true, "\(error?.description ?? "")")
  }

  @Test func `debug names the layer whose weights are no numbers`() throws {
    let trainer = try TrainerTests.trainer(steps: 5, isDebug: true)
    guard let memory = trainer.recipe.networks[0].store.values else { return }
    unsafe memory.pointer[0] = .nan
    let error = #expect(throws: RunError.self) { try trainer.train(checkpoints: nil, observer: Silence()) }
    #expect(error?.code == .notANumber)
    #expect(error?.description.contains("step 0: critic: generator.dense: ") == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("gave nan") == true)
  }

  @Test func `debug changes no bit`() throws {
    let hashes = try [false, true].map { isDebug in
      let trainer = try TrainerTests.trainer(steps: 3, isDebug: isDebug)
      _ = try trainer.train(checkpoints: nil, observer: Silence())
      return trainer.recipe.stateHash()
    }
    #expect(hashes[0] == hashes[1])
  }

  @Test func `numbers that the last update spoilt are not written, and older checkpoints stay`() throws {
    try RunDirectoryTests.temporary { path in
      let checkpoints = CheckpointDirectory(output: path)
      try checkpoints.prepare()
      // The loss of the first step is finite, its gradient times a rate of 3e38 is not.
      let trainer = try Self.linear([("rate", "3e38"), ("target", "1000")]) { ($0.checkpointEvery, $0.steps) = (.steps(1), 2) }
      try Data().write(to: URL(fileURLWithPath: checkpoints.file(step: 0)))
      let error = #expect(throws: RunError.self) { try trainer.train(checkpoints: checkpoints, observer: Silence()) }
      #expect(error?.code == .notANumber, "\(error?.description ?? "")")
      #expect(error?.description.contains("map.dense.weight") == true)
      #expect(checkpoints.steps() == [0])
    }
  }

  @Test func `truncation draws again what lies beyond it and nothing else`() throws {
    let trainer = try Self.linear()
    let sampler = Sampler(trainer.recipe, format: trainer.format, seed: 7, batch: 5)
    let labels = [Int32](repeating: 0, count: 13)
    let free = sampler.images(labels: labels, standingPasses: 0)
    let bound = sampler.images(labels: labels, truncation: 0.4, standingPasses: 0)
    #expect(free.count == 13 * 16 && free.contains { abs($0) > 1 } && bound.allSatisfy { abs($0) <= 0.4 })
    #expect(zip(free, bound).allSatisfy { abs($0) > 0.4 || $0 == $1 })
    // A sheet's z does not depend on how many images are drawn at once.
    #expect(Sampler(trainer.recipe, format: trainer.format, seed: 7, batch: 13).images(labels: labels, standingPasses: 0) == free)
  }

  @Test func `samples are drawn from the averaged weights, not from the last ones`() throws {
    let trainer = try TrainerTests.trainer(steps: 6)
    _ = try trainer.train(checkpoints: nil, observer: Silence())
    let network = trainer.recipe.networks[0]
    let sampler = Sampler(trainer.recipe, format: trainer.format, seed: 5, batch: 4)
    let before = sampler.images(labels: [0, 0, 0])
    let (own, average) = (try #require(network.store.values), try #require(network.average?.values))
    unsafe own.pointer[0] += 1
    #expect(sampler.images(labels: [0, 0, 0]) == before)
    unsafe average.pointer[0] += 1
    #expect(sampler.images(labels: [0, 0, 0]) != before)
  }
}
