public import Adversarial
import Layers
public import Tensors

/// Auxiliary classifier GAN: the generator is told a class, and the critic has to tell it.
public final class ACGAN: GameModel, Classifying {
  public static let card = ModelCard(
    name: "acgan", paper: "Conditional Image Synthesis With Auxiliary Classifier GANs", authors: "Odena, Olah, Shlens, 2017",
    link: "https://arxiv.org/abs/1610.09585",
    summary: "class-conditional generator, critic with a second head for classes; the log carries the accuracy of both kinds of images",
    deviations: [
      "the generator is DCGAN's with 5x5 kernels, with batch norm also after its dense layer; its widths at 32 px are the paper's 384, 192, 96",
      "no noise on activations (the paper searched over it)",
    ])

  public let game: Game
  private let critic: ACGANCritic

  public init(_ options: ACGANOptions, data: DataFormat) throws {
    guard let classes = data.classes else {
      throw ModelError(
        "acgan: it is told classes, and the data has no labels (or --unconditional leaves them out); try dcgan, or labelled data")
    }
    let shape = try DCGANShape(kernel: 5, data, model: Self.card.name)
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let generator = DCGANGenerator(Scope(stores.0), latent: options.latent + classes, channels: options.generatorChannels, shape, data)
    let critic = ACGANCritic(Scope(stores.1), options, data, classes)
    self.critic = critic
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(options.updates.generator(stores.0), latent: options.latent, law: .uniform, classes: classes) {
        latent, labels, mode in
        guard let labels else { preconditionFailure("acgan: the generator was called without labels") }
        return generator(concatenated([latent, labels.oneHot(classes: classes)], axis: 1), mode)
      },
      critic: Critic(
        options.updates.critic(stores.1), parts: [.features, .classes], hasBatchNorm: true
      ) { images, _, mode, draws in critic(images, mode, draws) })
  }

  public func classLogits(_ images: Tensor) -> Tensor {
    guard let logits = critic(images, .inference, PassDraws([])).classes else { preconditionFailure("acgan: the critic gave no classes") }
    return logits
  }
}

/// Images to a logit and the logits of classes: six 3x3 convolutions, of stride 2 and 1 in turn, each with leaky ReLU 0.2 and dropout; batch
/// norm on all but the first.
/// - Source: Odena, Olah, Shlens 2017, appendix A, tables 1 and 2. https://arxiv.org/abs/1610.09585
struct ACGANCritic {
  private let convolutions: [Convolution2D]
  private let norms: [BatchNorm]
  private let dropouts: [Dropout]
  private let linear: Dense
  private let classes: Dense
  private let path: String

  init(_ scope: Scope, _ options: ACGANOptions, _ data: DataFormat, _ classes: Int) {
    path = scope.path
    let start = Initializer.normal(deviation: 0.02)
    let widths = [data.channels] + (0..<6).map { options.discriminatorChannels << $0 }
    convolutions = (0..<6).map { index in
      // Stride 2 reads pixels 2i - 1 to 2i + 1.
      Convolution2D(
        scope["convolutions"][index], from: widths[index], to: widths[index + 1], kernel: 3, stride: index.isMultiple(of: 2) ? 2 : 1,
        padding: .all(1), bias: index == 0, initializer: start)
    }
    norms = widths.dropFirst(2).enumerated().map { BatchNorm(scope["norms"][$0], channels: $1) }
    dropouts = (0..<6).map { Dropout(scope["dropouts"][$0], rate: options.dropout) }
    let features = widths[6] * (data.height / 8) * (data.width / 8)
    linear = Dense(scope["linear"], from: features, to: 1, initializer: start)
    self.classes = Dense(scope["classes"], from: features, to: classes, initializer: start)
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode, _ draws: PassDraws) -> CriticOutput {
    named(path) {
      var x = dropouts[0](convolutions[0](images, mode).leakyRectified(slope: 0.2), mode, draws)
      for index in 1..<6 { x = dropouts[index](norms[index - 1](convolutions[index](x, mode), mode, slope: 0.2), mode, draws) }
      let features = x.reshaped([images.shape[0], -1])
      return CriticOutput(logits: linear(features, mode), features: features, classes: classes(features, mode))
    }
  }
}
