import Foundation
import Layers
import Optimization
import Tensors
import Testing

@testable import Adversarial

/// The rules that `--optimizer` names, against PyTorch in double precision on given gradients.
@Suite struct OptimizerTests {
  /// The file that Scripts/golden/optimizers.py has made.
  struct Golden: Decodable {
    struct Case: Decodable {
      let optimizer: String
      let learningRate: Float
      let course: [[Double]]
    }
    let torch: String
    let rates: [Float]
    let start: [Float]
    let gradients: [[Float]]
    let cases: [Case]

    static func read() throws -> Golden {
      let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/optimizers.json")
      return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }
  }

  /// The largest difference over all steps between a rule's parameters and PyTorch's.
  static func largestDifference(_ rule: any OptimizerRule, _ golden: Golden, _ expected: Golden.Case) -> Double {
    let store = ParameterStore(name: "test")
    let parameter = Scope(store).parameter("x", [golden.start.count], .zeros)
    let optimizer = rule.optimizer(store, learningRate: expected.learningRate)
    store.allocate(seed: 1)
    // A gradient of -start moves zeros to the first parameters.
    setGradient(store, parameter, golden.start.map { -$0 })
    GradientDescent(store, learningRate: 1).update(store)
    var largest = 0.0
    for (step, gradient) in golden.gradients.enumerated() {
      setGradient(store, parameter, gradient)
      optimizer.update(store, step: step, rate: golden.rates[step])
      for (found, exact) in zip(parameter.tensor.values, expected.course[step]) { largest = max(largest, abs(Double(found) - exact)) }
    }
    return largest
  }

  private static func setGradient(_ store: ParameterStore, _ parameter: Parameter, _ gradient: [Float]) {
    _ = store.gradient { (parameter.tensor * Tensor(gradient, shape: [gradient.count])).sum() }
  }

  @Test func `every rule follows PyTorch on given gradients`() throws {
    let golden = try Golden.read()
    for expected in golden.cases {
      let rule = try optimizers.parse(expected.optimizer)
      let difference = Self.largestDifference(rule, golden, expected)
      // Parameters of size 2 are rounded in each of 12 steps by up to 1.2e-7; moments that divide each other are off by as much again.
      #expect(difference < 3e-6, "\(expected.optimizer): \(difference)")
    }
    #expect(Set(golden.cases.map { $0.optimizer.prefix { $0 != ":" } }.map(String.init)) == Set(optimizers.entries.map(\.card.name)))
  }

  @Test func `every option of a rule, set to another value, leaves PyTorch's course`() throws {
    let golden = try Golden.read()
    for expected in golden.cases where expected.optimizer.contains(":") {
      for (name, value, _) in try optimizers.parse(expected.optimizer).settings where name != "on" {
        // The last momentum is reached after `over` steps: neither may be off by little.
        let other = name == "over" ? "80" : "\(Float(value).map { $0 * 0.8 + 0.01 } ?? 0)"
        let rule = try optimizers.parse("\(expected.optimizer),\(name)=\(other)")
        #expect(Self.largestDifference(rule, golden, expected) > 3e-5, "\(expected.optimizer) with \(name)=\(other)")
      }
    }
  }

  @Test func `a game takes the rules and the critic's schedule that are given, and the model's step sizes`() throws {
    var objective = Objective(Hinge())
    let fields: [OptionField<Objective>] = Objective.fields(\.self)
    func set(_ name: String, _ text: String) throws { try fields.first { $0.name == name }?.write(&objective, text) }
    func game() throws -> Game {
      let stores = (ParameterStore(name: "generator"), ParameterStore(name: "critic"))
      let (generator, critic) = (Dense(Scope(stores.0), from: 2, to: 2), Dense(Scope(stores.1), from: 2, to: 1))
      return try Game(
        objective, model: "test",
        generator: Generator(Network(store: stores.0, optimizer: Adam(stores.0, .init(learningRate: 0.5))), latent: 2, classes: nil) {
          generator($0, $2)
        },
        critic: Critic(Network(store: stores.1, optimizer: RMSProp(stores.1, learningRate: 0.25)), parts: [], hasBatchNorm: false) {
          CriticOutput(logits: critic($0, $2))
        }, criticUpdates: { _ in 3 })
    }
    func rules() throws -> [String] { try game().networks.map { "\(type(of: $0.optimizer).name) \($0.optimizer.learningRate)" } }
    func updates() throws -> [Int] { try [0, 30, 500].map(game().phases[0].times) }
    #expect(try rules() == ["adam 0.5", "rmsprop 0.25"] && updates() == [3, 3, 3])
    try set("optimizer", "sgd")
    #expect(try rules() == ["sgd 0.5", "sgd 0.25"])
    try set("optimizer", "adamw:on=critic rmsprop:on=generator")
    #expect(try rules() == ["rmsprop 0.5", "adam 0.25"])
    try set("critic-steps", "wasserstein")
    #expect(try updates() == [100, 5, 100])
    try set("critic-steps", "2")
    #expect(try updates() == [2, 2, 2])
    #expect(fields.suffix(2).map { $0.read(objective) } == [objective.optimizers.map(\.text).joined(separator: " "), "2"])
    try set("optimizer", "own")
    try set("critic-steps", "own")
    #expect(try rules() == ["adam 0.5", "rmsprop 0.25"] && updates() == [3, 3, 3])
    #expect(fields.suffix(2).map { $0.read(objective) } == ["own", "own"])
    for (name, text, part) in [
      ("optimizer", "adam sgd:on=critic", "adam and sgd both update the critic"), ("optimizer", "adagrad", "known ones: sgd"),
      ("critic-steps", "0", "wasserstein"), ("critic-steps", "often", "a number from 1"),
    ] {
      let error = #expect(throws: OptionError.self) { try set(name, text) }
      #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }
  }
}
