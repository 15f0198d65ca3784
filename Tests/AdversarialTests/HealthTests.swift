import Kernels
import Layers
import Optimization
import Sharding
import Tensors
import TestSupport
import Testing

@testable import Adversarial

/// What an examination measures, against plain loops.
@Suite struct HealthTests {
  let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 6, shardCount: 3)))
  var images: Tensor { Tensor.normal([6, 2, 2, 1], key: RandomKey(seed: 4, purpose: 1, step: 0), layout: layout) }

  /// A game whose critic is a linear map of the pixels, and whose generator one of z, without biases.
  func linear(_ loss: any Divergence, terms: [any Term] = [], gives: CriticReading = .logits) throws -> (game: Game, weights: [Float]) {
    let stores = (ParameterStore(name: "generator"), ParameterStore(name: "critic"))
    let images = Dense(Scope(stores.0)["images"], from: 3, to: 4, bias: false, initializer: .normal(deviation: 1))
    let logits = Dense(Scope(stores.1)["logits"], from: 4, to: 1, bias: false, initializer: .normal(deviation: 1))
    let game = try Game(
      Objective(loss, terms: terms), model: "linear",
      generator: Generator(Network(store: stores.0, optimizer: GradientDescent(stores.0, learningRate: 0.1)), latent: 3, classes: nil) {
        images($0, $2).reshaped([-1, 2, 2, 1])
      },
      critic: Critic(
        Network(store: stores.1, optimizer: GradientDescent(stores.1, learningRate: 0.1)), gives: gives, parts: [.features],
        hasBatchNorm: false
      ) { CriticOutput(logits: logits($0.reshaped([-1, 4]), $2), features: $0.reshaped([-1, 4])) })
    for network in game.networks { network.store.allocate(seed: 6) }
    return (game, stores.1.namedParameters[0].tensor.values)
  }

  func context(_ phase: String = "health", hasImages: Bool = true) -> StepContext {
    StepContext(
      seed: 1, step: 7, phase: phase, draw: 0, layout: layout, images: hasImages ? images : Tensor([], shape: [0]), labels: nil)
  }

  /// Generated images of one of the two sets of z.
  private func generated(_ game: Game, _ purpose: String) -> [[Float]] {
    let values = game.sample(SampleRequest(latent: context().normalLatent(3, purpose), labels: nil)).values
    return (0..<6).map { Array(values[$0 * 4..<$0 * 4 + 4]) }
  }

  private func logits(_ weights: [Float], _ images: [[Float]]) -> [Float] {
    images.map { image in zip(image, weights).map { $0 * $1 }.reduce(0, +) }
  }

  @Test func `accuracy counts the logits on the right side of the threshold, slopes are the critic's`() throws {
    // Least squares draws real images to b and generated ones to a: the threshold lies between, at 0.5 or off it.
    for loss in ["least-squares", "hinge", "pearson", "reverse-kl", "hellinger"] {
      let divergence = try divergences.parse(loss)
      let (game, weights) = try linear(divergence)
      let health = game.health(context())
      let threshold = try #require(divergence.threshold)
      let real = (0..<6).map { Array(images.values[$0 * 4..<$0 * 4 + 4]) }
      let right = logits(weights, real).filter { $0 > threshold }
      let wrong = logits(weights, generated(game, "latent")).filter { $0 > threshold }
      let accuracy = try #require(health.accuracy)
      #expect(abs((accuracy.real ?? -1) - Float(right.count) / 6) < 1e-6, "\(loss)")
      #expect(abs(accuracy.fake - (1 - Float(wrong.count) / 6)) < 1e-6, "\(loss)")
      let length = weights.map { $0 * $0 }.reduce(0, +).squareRoot()
      #expect(abs((health.slopes.real ?? 0) - length) < 1e-5 && abs(health.slopes.fake - length) < 1e-5, "\(loss)")
    }
  }

  @Test func `the slope of the generator's loss is 1 for linear losses, and that of the logarithm for minimax`() throws {
    for (loss, gives) in [("hinge", CriticReading.logits), ("wasserstein", .logits), ("energy-margin", .energy)] {
      #expect(abs((try linear(divergences.parse(loss), gives: gives).game.health(context()).lossSlope ?? 0) - 1) < 1e-6, "\(loss)")
    }
    for loss in ["minimax", "non-saturating"] {
      let (game, weights) = try linear(divergences.parse(loss))
      // ln(1 - s(v)) has the slope -s(v), -ln s(v) has s(v) - 1.
      let slopes = logits(weights, generated(game, "latent")).map { v in
        let share = Tensor(v).sigmoid().scalar
        return loss == "minimax" ? share : 1 - share
      }
      #expect(abs((game.health(context()).lossSlope ?? 0) - slopes.reduce(0, +) / 6) < 1e-6, "\(loss)")
    }
    #expect(try (linear(divergences.parse("relativistic")).game.health(context()).lossSlope ?? 0) > 0)
  }

  @Test func `a number at the threshold is not above it, the next larger one is`() {
    let numbers: [Float] = [0.5, Float(0.5).nextUp, Float(0.5).nextDown, -80, 80, 0.5]
    #expect(Game.share(of: Tensor(numbers, shape: [6]), above: 0.5) == 2 / Float(6))
  }

  @Test func `distances are those of all pairs of real images, and of generated ones from two draws of z`() throws {
    let game = try linear(Hinge()).game
    let health = game.health(context())
    let (real, first, second) = (images.values, generated(game, "latent"), generated(game, "other latent"))
    var (sum, count) = (0.0, 0.0)
    for i in 0..<6 {
      for j in 0..<6 where i != j {
        for pixel in 0..<4 {
          let difference = Double(real[i * 4 + pixel] - real[j * 4 + pixel])
          sum += difference * difference
          count += 1
        }
      }
    }
    #expect(abs(Double(health.distances.real ?? 0) - (sum / count).squareRoot()) < 1e-6)
    let differences = zip(first.flatMap(\.self), second.flatMap(\.self)).map { Double($0 - $1) }
    let squares = differences.map { $0 * $0 }
    #expect(abs(Double(health.distances.fake) - (squares.reduce(0, +) / 24).squareRoot()) < 1e-6)
    #expect(first != second)
  }

  @Test func `what a loss does not define is left out`() throws {
    func names(_ loss: String, _ gives: CriticReading) throws -> [String] {
      try linear(divergences.parse(loss), gives: gives).game.health(context()).quantities.map(\.name)
    }
    #expect(try names("hinge", .logits) == ["accuracy", "slope", "loss slope", "distance", "gradient", "singular value"])
    #expect(try names("relativistic", .logits) == ["slope", "loss slope", "distance", "gradient", "singular value"])
    #expect(try names("energy-margin", .energy) == ["slope", "loss slope", "distance", "gradient", "singular value"])
    #expect(try names("cramer", .logits) == ["slope", "distance", "gradient", "singular value"])
  }

  @Test func `norms of gradients are those of the last updates`() throws {
    let game = try linear(Wasserstein()).game
    #expect(game.health(context()).gradients.map(\.value) == [0, 0])
    for phase in game.phases {
      let context = context(phase.name, hasImages: phase.needsData)
      _ = phase.network.store.gradient { phase.loss(context) }
    }
    let health = game.health(context())
    let expected = try game.networks.map { network in
      let flat = try #require(network.store.gradientValues)
      let numbers = (0..<flat.count).map { Double(unsafe flat.pointer[$0]) }
      return numbers.map { $0 * $0 }.reduce(0, +).squareRoot()
    }
    #expect(health.gradients.map(\.name) == ["generator", "critic"])
    for (entry, norm) in zip(health.gradients, expected) { #expect(norm > 0 && abs(Double(entry.value) - norm) < 1e-6 * norm) }
    #expect(abs(Double(health.generatorGradient) - expected[0] / 12.0.squareRoot()) < 1e-6 * expected[0])
  }

  @Test func `nothing of the networks changes, moments, power iterations and states of terms included`() throws {
    for form in ["ada:kimg=0.05,interval=1", "lecam:start=1", "r1"] {
      let game = try TermGame(form).game
      func numbers() -> [[Float]] {
        game.networks.flatMap { network -> [[Float]] in
          let buffers = network.store.bufferValues.map { memory in (0..<memory.count).map { unsafe memory.pointer[$0] } } ?? []
          return [buffers] + network.store.namedParameters.map(\.tensor.values)
        }
      }
      let before = numbers()
      let images = Tensor.normal([6, 8, 8, 3], key: RandomKey(seed: 4, purpose: 2, step: 0), layout: layout)
      let labels = Labels([0, 1, 2, 0, 1, 2], layout: layout)
      let context = StepContext(seed: 1, step: 7, phase: "health", draw: 0, layout: layout, images: images, labels: labels)
      let health = game.health(context)
      #expect(numbers() == before, "\(form)")
      #expect(health.distances.fake > 0 && health.slopes.fake > 0)
      // The same again: nothing is remembered.
      #expect(game.health(context) == health)
      // A phase does leave traces.
      _ = game.phases[0].loss(context)
      #expect(numbers() != before, "\(form)")
    }
  }

  @Test func `layers are grouped by block`() {
    #expect(Game.layerGroup("critic.blocks.2.first.weight") == "blocks.2")
    #expect(Game.layerGroup("critic.linear.weight") == "linear" && Game.layerGroup("critic.attention.query.weight") == "attention")
  }
}
