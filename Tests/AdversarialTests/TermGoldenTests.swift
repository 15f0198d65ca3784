import Foundation
import Kernels
import Layers
import Optimization
import Sharding
import Tensors
import TestSupport
import Testing

@testable import Adversarial

/// Every term against PyTorch in double precision: values, parameter gradients and states.
@Suite struct TermGoldenTests {
  /// The file that Scripts/golden/terms.py has made.
  struct Golden: Decodable {
    struct Evaluation: Decodable {
      let value: Double
      let gradient: [Double]?
      let state: [String: Double]?
    }
    struct Case: Decodable {
      let term: String
      let discriminator: Evaluation
      let generator: Evaluation
    }
    let torch: String
    let cases: [Case]

    static func read() throws -> Golden {
      let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/terms.json")
      return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }
  }

  /// The script's game, with the script's numbers.
  struct SmallGame {
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 6, shardCount: 3)))
    let game: Game

    init(_ form: String) throws {
      let (form, loss) = try TermForms.parts(form)
      let (generator, critic) = (ParameterStore(name: "generator"), ParameterStore(name: "critic"))
      let dense = Dense(Scope(generator)["dense"], from: 2, to: 32)
      let convolution = Convolution2D(Scope(critic)["convolution"], from: 2, to: 2, kernel: 3)
      let hidden = Dense(Scope(critic)["dense"], from: 32, to: 4)
      let linear = Dense(Scope(critic)["linear"], from: 4, to: 1)
      let readsClasses = try !terms.parse(form).needs.isDisjoint(with: [.classes, .codes])
      let heads = readsClasses ? (Dense(Scope(critic)["classes"], from: 4, to: 3), Dense(Scope(critic)["codes"], from: 4, to: 4)) : nil
      game = try Game(
        Objective(loss, terms: [terms.parse(form)]), model: "test",
        generator: Generator(
          Network(store: generator, optimizer: GradientDescent(generator, learningRate: 1)), latent: 2, law: .uniform,
          classes: readsClasses ? 3 : nil
        ) { latent, _, mode in dense(latent, mode).hyperbolicTangent().reshaped([latent.shape[0], 4, 4, 2]) },
        critic: Critic(
          Network(store: critic, optimizer: GradientDescent(critic, learningRate: 1)),
          parts: readsClasses ? [.features, .classes, .codes] : [.features], hasBatchNorm: false
        ) { images, _, mode in
          let x = convolution(images, mode).softplus().reshaped([images.shape[0], 32])
          let features = hidden(x, mode).hyperbolicTangent()
          return CriticOutput(
            logits: linear(features, mode), features: features, classes: heads?.0(features, mode), codes: heads?.1(features, mode))
        }, streams: [DataStream(FewLabels.labelled, .perClass(1))])
      for store in [generator, critic] {
        store.allocate(seed: 1)
        guard let memory = store.values else { continue }
        for entry in store.parameters {
          let numbers = Tensor.uniform([1, entry.count], from: -0.7, to: 0.7, key: Self.key(entry.path)).values
          for (index, number) in numbers.enumerated() { unsafe memory.pointer[entry.offset + index] = number }
        }
      }
      if let p = critic.buffers.first(where: { $0.path == "critic.game.ada.p" }), let memory = critic.bufferValues {
        unsafe memory.pointer[p.offset] = 0.6
      }
    }

    static func key(_ name: String) -> RandomKey { RandomKey(seed: 4, purpose: textHash(name), step: 0) }

    /// Value and flat gradient of a phase's loss.
    func evaluated(_ phase: Phase) -> (value: Float, gradient: [Float]) {
      let images = Tensor.uniform([6, 4, 4, 2], from: -1, to: 1, key: Self.key("images"), layout: layout)
      let labels = Labels((0..<6).map { $0 * $0 % 3 }, layout: layout)
      let context = StepContext(
        seed: 4, step: 2000, phase: phase.name, draw: 0, layout: layout, images: images, labels: labels,
        streams: [FewLabels.labelled: RealBatch(images: images * 0.5, labels: labels)])
      let store = phase.network.store
      let value = store.gradient { phase.loss(context) }.scalar
      let flat = store.gradientValues
      return (
        value,
        store.parameters.flatMap { entry in (0..<entry.count).map { unsafe flat?.pointer[entry.offset + $0] ?? .nan } }
      )
    }

    /// The states of the term.
    var state: [String: Float] {
      let store = game.networks[1].store
      let entries = store.buffers.filter { $0.path.contains(".game.") }
      return Dictionary(
        uniqueKeysWithValues: entries.map { entry in
          (String(entry.path.split(separator: ".").last ?? ""), unsafe store.bufferValues?.pointer[entry.offset] ?? .nan)
        })
    }
  }

  /// `‖found - expected‖ / ‖expected‖`, of a gradient below 1e-4 relative to that.
  static func error(_ found: [Float], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let difference = zip(found, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }.squareRoot()
    let error = difference / max(expected.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-4)
    return error.isNaN ? .infinity : error
  }

  /// A penalty's gradient is a chain of some fifty operations in Float, each rounding by 6e-8, with cancellation by up to ten times.
  static let tolerance = 2e-5

  @Test func `values, gradients and states agree with PyTorch in double precision`() throws {
    let golden = try Golden.read()
    var largest = (error: 0.0, place: "")
    for expected in golden.cases {
      let small = try SmallGame(expected.term)
      for (phase, wanted) in zip(small.game.phases, [expected.discriminator, expected.generator]) {
        let found = small.evaluated(phase)
        // The change of z is small, and what comes of it is a difference of nearly equal numbers.
        let allowed = expected.term.hasPrefix("latent-consistency") ? 10 * Self.tolerance : Self.tolerance
        let zero = [Double](repeating: 0, count: found.gradient.count)
        for (part, error) in [
          ("value", Self.error([found.value], [wanted.value])), ("gradient", Self.error(found.gradient, wanted.gradient ?? zero)),
        ] {
          let place = "\(expected.term), \(phase.name)'s \(part)"
          #expect(error < allowed, "\(place): \(error); value \(found.value), PyTorch \(wanted.value)")
          if error > largest.error { largest = (error, place) }
        }
        for (name, value) in wanted.state ?? [:] {
          let own = try #require(small.state[name])
          #expect(abs(Double(own) - value) < 1e-6, "\(expected.term): state \(name) \(own), PyTorch \(value)")
        }
      }
    }
    print("\(golden.cases.count) terms against PyTorch \(golden.torch): largest error \(largest.error), \(largest.place)")
  }

  @Test func `every form has its case`() throws {
    let golden = try Golden.read()
    #expect(golden.cases.map(\.term) == TermForms.all + TermForms.ofWitnesses, "run the script again")
    for expected in golden.cases {
      let gradients = [expected.discriminator.gradient, expected.generator.gradient].compactMap { $0 }
      #expect(gradients.contains { $0.contains { abs($0) > 1e-9 } }, "\(expected.term): nothing to compare")
    }
  }

  @Test func `a wrong number is found`() {
    #expect(Self.error([1.0001], [1]) > Self.tolerance && Self.error([.nan], [1]) == .infinity && Self.error([1, 2], [1]) == .infinity)
    #expect(Self.error([0.1], [0]) > 1 && Self.error([1], [1]) == 0)
  }
}
