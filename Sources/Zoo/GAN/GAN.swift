public import Adversarial
import Layers
import Optimization
import Tensors

/// The first generative adversarial net, of dense layers.
public final class GAN: GameModel {
  public static let card = ModelCard(
    name: "gan", paper: "Generative Adversarial Nets",
    authors: "Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville, Bengio, 2014",
    link: "https://arxiv.org/abs/1406.2661",
    summary: "dense layers of any image size: ReLU generator, maxout critic with dropout, gradient descent with rising momentum",
    deviations: [
      "settings are those of the authors' code (goodfeli/adversarial, mnist.yaml); the paper's text gives none",
      "the generator's last bias starts at 0 (the code starts it at the mean image)",
      "the critic's loss is the sum over real and generated images (the code halves it), its step size half the code's instead",
      "momentum rises in a straight line over steps (the code raises it once an epoch)",
    ])

  public let game: Game

  public init(_ options: GANOptions, data: DataFormat) throws {
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let generator = DenseGenerator(
      Scope(stores.0), latent: options.latent, widths: [options.generatorWidth, options.generatorWidth], data: data,
      isNormalized: options.batchNorm, range: .sigmoid, start: .uniform(-0.05, 0.05))
    let critic = MaxoutCritic(Scope(stores.1), options, data)
    func network(_ store: ParameterStore, _ rate: Float) -> Network {
      Network(store: store, optimizer: GradientDescent(store, learningRate: rate))
    }
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(network(stores.0, options.generatorLearningRate), latent: options.latent, classes: nil) { latent, _, mode in
        generator(latent, mode)
      },
      critic: Critic(
        network(stores.1, options.discriminatorLearningRate), parts: [.features], hasBatchNorm: false,
        drawing: { images, _, mode, draws in
          critic(images, mode, draws)
        }))
  }
}

/// Images of any size to logits `[batch, 1]`: dropout, maxout, dropout, maxout, dropout, a dense layer.
/// - Source: goodfeli/adversarial, mnist.yaml.
struct MaxoutCritic {
  private let dropouts: [Dropout]
  private let layers: [Maxout]
  private let output: Dense
  private let path: String

  init(_ scope: Scope, _ options: GANOptions, _ data: DataFormat) {
    path = scope.path
    let start = Initializer.uniform(-0.005, 0.005)
    dropouts = [options.visibleDropout, options.dropout, options.dropout].enumerated().map {
      Dropout(scope["dropouts"][$0], rate: $1)
    }
    layers = [data.pixels, options.units].enumerated().map { index, inputs in
      Maxout(scope["layers"][index], from: inputs, to: options.units, pieces: options.pieces, initializer: start)
    }
    output = Dense(scope["output"], from: options.units, to: 1, initializer: start)
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode, _ draws: PassDraws) -> CriticOutput {
    named(path) {
      // The paper's pixels lie in [0, 1], and dropout makes 0 of them.
      var x = ((images + 1) * 0.5).reshaped([images.shape[0], -1])
      for (dropout, layer) in zip(dropouts, layers) { x = layer(dropout(x, mode, draws), mode) }
      let features = dropouts[2](x, mode, draws)
      return CriticOutput(logits: output(features, mode), features: features)
    }
  }
}
