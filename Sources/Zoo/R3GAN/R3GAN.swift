public import Adversarial
import Layers
public import Tensors

/// The modern baseline: a relativistic loss of pairs with both penalties on slopes, on residual networks without normalisation.
public final class R3GAN: GameModel {
  public static let card = ModelCard(
    name: "r3gan", paper: "The GAN is dead; long live the GAN! A Modern Baseline GAN",
    authors: "Huang, Gokaslan, Kuleshov, Tompkin, 2024",
    link: "https://arxiv.org/abs/2501.05441",
    summary: "relativistic pairs, R1 and R2, inverted bottlenecks with grouped convolutions, no normalisation; with or without classes",
    deviations: [
      "gamma, Adam's beta2 and the average's decay stay as set; the paper moves them on half a wave in its first 20 million images",
      "no adaptive augmentation: --term ada adds it",
      "full precision throughout (the paper's training is in 16 bits in places)",
    ])

  public let game: Game

  /// The generator's numbers end where pixels do, which nothing in the network makes them.
  public func sample(_ request: SampleRequest) -> Tensor { game.sample(request).clamped(from: -1, to: 1) }

  public init(_ options: R3GANOptions, data: DataFormat) throws {
    let widths = try options.widths(data)
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let generator = R3GANGenerator(Scope(stores.0), options, widths, data)
    let critic = R3GANCritic(Scope(stores.1), options, widths.reversed(), data)
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(
        options.updates.generator(stores.0), latent: options.latent, classes: data.classes, images: generator.callAsFunction),
      critic: Critic(
        options.updates.critic(stores.1), parts: [.features], hasBatchNorm: false, output: critic.callAsFunction))
  }
}

/// z (and class) to images: learned 4x4 maps weighted by z, then at each size residual blocks, doubled with a (1, 2, 1) filter between.
/// - Source: Huang et al. 2024, section 3.3 and figure 4; brownvc/R3GAN, R3GAN/Networks.py. https://arxiv.org/abs/2501.05441
struct R3GANGenerator {
  private let embedding: Embedding?
  private let linear: Dense
  private let basis: Parameter
  private let stages: [[R3GANBlock]]
  private let transitions: [Convolution2D?]
  private let output: Convolution2D
  private let path: String

  init(_ scope: Scope, _ options: R3GANOptions, _ widths: [Int], _ data: DataFormat) {
    path = scope.path
    embedding = data.classes.map {
      Embedding(scope["embedding"], classes: $0, width: options.latent, initializer: .scaled(fanIn: $0))
    }
    let inputs = options.latent * (data.classes == nil ? 1 : 2)
    linear = Dense(scope["linear"], from: inputs, to: widths[0], bias: false, initializer: .scaled(fanIn: inputs))
    basis = scope.parameter("basis", [4, 4, widths[0]], .normal(deviation: 1))
    stages = R3GANBlock.stages(scope, options, widths)
    transitions = zip(widths, widths.dropFirst()).enumerated().map { R3GANBlock.transition(scope["transitions"][$0], $1.0, $1.1) }
    let last = widths[widths.count - 1]
    output = Convolution2D(
      scope["output"], from: last, to: data.channels, kernel: 1, bias: false, initializer: .scaled(fanIn: last))
  }

  func callAsFunction(_ latent: Tensor, _ labels: Labels?, _ mode: Mode) -> Tensor {
    named(path) {
      var z = latent
      if let embedding {
        guard let labels else { preconditionFailure("\(path): called without labels") }
        z = concatenated([latent, embedding(labels, mode)], axis: 1)
      }
      var x = linear(z, mode).reshaped([latent.shape[0], 1, 1, -1]) * basis.tensor
      for (index, blocks) in stages.enumerated() {
        // The 1x1 convolution goes before the doubling.
        if index > 0 { x = (transitions[index - 1].map { $0(x, mode) } ?? x).interpolatedUp() }
        for block in blocks { x = block(x, mode) }
      }
      return output(x, mode)
    }
  }
}

/// Images (and class) to logits `[batch, 1]`: the generator's stages in the other order, then one learned 4x4 map for each channel.
/// - Source: as `R3GANGenerator`.
struct R3GANCritic {
  private let input: Convolution2D
  private let stages: [[R3GANBlock]]
  private let transitions: [Convolution2D?]
  private let basis: Parameter
  private let linear: Dense
  private let embedding: Embedding?
  private let path: String

  init(_ scope: Scope, _ options: R3GANOptions, _ widths: [Int], _ data: DataFormat) {
    path = scope.path
    input = Convolution2D(
      scope["input"], from: data.channels, to: widths[0], kernel: 1, bias: false, initializer: .scaled(fanIn: data.channels))
    stages = R3GANBlock.stages(scope, options, widths)
    transitions = zip(widths, widths.dropFirst()).enumerated().map { R3GANBlock.transition(scope["transitions"][$0], $1.0, $1.1) }
    let last = widths[widths.count - 1]
    basis = scope.parameter("basis", [4, 4, last], .scaled(fanIn: 16))
    // The authors' embedding is as wide as the critic's first stage.
    let width = data.classes == nil ? 1 : widths[0]
    linear = Dense(scope["linear"], from: last, to: width, bias: false, initializer: .scaled(fanIn: last))
    embedding = data.classes.map {
      Embedding(scope["embedding"], classes: $0, width: width, initializer: .scaled(fanIn: $0 * width))
    }
  }

  func callAsFunction(_ images: Tensor, _ labels: Labels?, _ mode: Mode) -> CriticOutput {
    named(path) {
      var x = input(images, mode)
      for (index, blocks) in stages.enumerated() {
        if index > 0 { x = transitions[index - 1].map { $0(x.interpolatedDown(), mode) } ?? x.interpolatedDown() }
        for block in blocks { x = block(x, mode) }
      }
      let features = (x * basis.tensor).sum(axes: [1, 2])
      let y = linear(features, mode)
      guard let embedding else { return CriticOutput(logits: y, features: features) }
      guard let labels else { preconditionFailure("\(path): called without labels") }
      return CriticOutput(logits: (y * embedding(labels, mode)).sum(axes: [1], keepingAxes: true), features: features)
    }
  }
}
