public import Adversarial
import Layers
import Optimization
import Tensors

/// Conditional GAN: dense networks that are both told the class.
public final class CGAN: GameModel {
  public static let card = ModelCard(
    name: "cgan", paper: "Conditional Generative Adversarial Nets", authors: "Mirza, Osindero, 2014",
    link: "https://arxiv.org/abs/1411.1784",
    summary: "dense networks for small grey images, maxout and dropout in the critic; both networks see the class",
    deviations: [
      "z is uniform in [-1, 1], the paper's in the unit cube: the first layer's bias makes up for it",
      "no dropout in the generator: a game draws random numbers for its critic alone",
      "the critic's step size is half the generator's, for its loss is a sum where the authors' GAN has a mean; with one of 0.1 it diverges",
      "momentum rises over 250 epochs, as in the authors' GAN; the paper does not say over how many",
      "pixels lie in [-1, 1]: the generator's sigmoid is stretched to it, and the critic takes them back to [0, 1]",
      "weights start as those of the authors' GAN (goodfeli/adversarial, mnist.yaml), since the paper names no others; the critic's for "
        + "the class a hundred times as wide, or it does not notice the class for long",
    ])

  public let game: Game

  public init(_ options: CGANOptions, data: DataFormat) throws {
    guard let classes = data.classes else {
      throw ModelError(
        "cgan: it is told classes, and the data has no labels (or --unconditional leaves them out); try gan, or labelled data")
    }
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let generator = CGANGenerator(Scope(stores.0), options, data, classes)
    let critic = CGANCritic(Scope(stores.1), options, data, classes)
    func network(_ store: ParameterStore, _ rate: Float) -> Network {
      Network(store: store, optimizer: GradientDescent(store, learningRate: rate))
    }
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(
        network(stores.0, options.generatorLearningRate), latent: options.latent, law: .uniform, classes: classes,
        images: generator.callAsFunction),
      critic: Critic(
        network(stores.1, options.discriminatorLearningRate), parts: [.features], hasBatchNorm: false, drawing: critic.callAsFunction))
  }
}

/// z to 200 units and the class to 1000, both to 1200, all with ReLU; then pixels.
/// - Source: Mirza, Osindero 2014, section 4.1. https://arxiv.org/abs/1411.1784
struct CGANGenerator {
  private let latent: Dense
  private let label: Dense
  private let joint: Dense
  private let norms: [BatchNorm]
  private let output: Dense
  private let classes: Int
  private let data: DataFormat
  private let path: String

  init(_ scope: Scope, _ options: CGANOptions, _ data: DataFormat, _ classes: Int) {
    path = scope.path
    (self.data, self.classes) = (data, classes)
    let start = Initializer.uniform(-0.05, 0.05)
    let (width, own) = (options.width, options.width / 6)
    let told = options.width - own
    let isNormalized = options.batchNorm
    latent = Dense(scope["latent"], from: options.latent, to: own, bias: !isNormalized, initializer: start)
    label = Dense(scope["label"], from: classes, to: told, initializer: start)
    joint = Dense(scope["joint"], from: width, to: width, bias: !isNormalized, initializer: start)
    norms = isNormalized ? [own, width].enumerated().map { BatchNorm(scope["norms"][$0], channels: $1) } : []
    output = Dense(scope["output"], from: width, to: data.pixels, initializer: start)
  }

  func callAsFunction(_ z: Tensor, _ labels: Labels?, _ mode: Mode) -> Tensor {
    guard let labels else { preconditionFailure("\(path): called without labels") }
    return named(path) {
      func rectified(_ x: Tensor, _ layer: Int) -> Tensor { norms.isEmpty ? x.rectified() : norms[layer](x, mode, slope: 0) }
      let parts = [rectified(latent(z, mode), 0), label(labels.oneHot(classes: classes), mode).rectified()]
      let pixels = output(rectified(joint(concatenated(parts, axis: 1), mode), 1), mode)
      return pixels.sigmoid().reshaped([z.shape[0], data.height, data.width, data.channels]) * 2 - 1
    }
  }
}

/// An image to 240 maxout units of 5 pieces and its class to 50 of 5, both to 240 of 4, then a logit; dropout of a half on all three.
/// - Source: Mirza, Osindero 2014, section 4.1. https://arxiv.org/abs/1411.1784
struct CGANCritic {
  private let image: Maxout
  private let label: Maxout
  private let joint: Maxout
  private let output: Dense
  private let dropouts: [Dropout]
  private let classes: Int
  private let path: String

  init(_ scope: Scope, _ options: CGANOptions, _ data: DataFormat, _ classes: Int) {
    path = scope.path
    self.classes = classes
    let start = Initializer.uniform(-0.005, 0.005)
    let (units, told) = (options.units, max(1, options.units * 5 / 24))
    image = Maxout(scope["image"], from: data.pixels, to: units, pieces: 5, initializer: start)
    label = Maxout(scope["label"], from: classes, to: told, pieces: 5, initializer: .uniform(-0.5, 0.5))
    joint = Maxout(scope["joint"], from: units + told, to: units, pieces: 4, initializer: start)
    output = Dense(scope["output"], from: units, to: 1, initializer: start)
    dropouts = (0..<3).map { Dropout(scope["dropouts"][$0], rate: options.dropout) }
  }

  func callAsFunction(_ images: Tensor, _ labels: Labels?, _ mode: Mode, _ draws: PassDraws) -> CriticOutput {
    guard let labels else { preconditionFailure("\(path): called without labels") }
    return named(path) {
      // The paper's pixels lie in [0, 1].
      let pixels = ((images + 1) * 0.5).reshaped([images.shape[0], -1])
      let seen = dropouts[0](image(pixels, mode), mode, draws)
      let told = dropouts[1](label(labels.oneHot(classes: classes), mode), mode, draws)
      let features = dropouts[2](joint(concatenated([seen, told], axis: 1), mode), mode, draws)
      return CriticOutput(logits: output(features, mode), features: features)
    }
  }
}
