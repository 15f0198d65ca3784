public import Adversarial
import Layers
import Tensors

/// Wasserstein GAN with clipped weights.
public final class WGAN: GameModel {
  public static let card = ModelCard(
    name: "wgan", paper: "Wasserstein GAN", authors: "Arjovsky, Chintala, Bottou, 2017", link: "https://arxiv.org/abs/1701.07875",
    summary: "the Wasserstein distance by a critic with clipped weights that is trained far ahead; RMSProp; DCGAN's or dense networks",
    deviations: [
      "weights are clipped after each critic update, as algorithm 1 has it (the authors' code clips before the next one)",
      "the critic's first convolution and last layer have a bias; the last one has no effect on this loss",
      "dense generators end with tanh (the authors' code has no bound on their pixels)",
    ])

  public let game: Game

  public init(_ options: WGANOptions, data: DataFormat) throws {
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let name = Self.card.name
    let images: Generator.Function
    switch options.generator {
    case .dense:
      let generator = DenseGenerator(
        Scope(stores.0), latent: options.latent, widths: Array(repeating: options.width, count: 3), data: data, isNormalized: false,
        range: .tangent, start: .xavier)
      images = { latent, _, mode in generator(latent, mode) }
    case .convolutional:
      let shape = try DCGANShape(kernel: 4, data, model: name)
      let generator = DCGANGenerator(
        Scope(stores.0), latent: options.latent, channels: options.channels, shape, data, isNormalized: options.batchNorm)
      images = { latent, _, mode in generator(latent, mode) }
    }
    let output: Critic.Function
    switch options.critic {
    case .dense:
      let critic = DenseCritic(
        Scope(stores.1), widths: Array(repeating: options.width, count: 3), data: data, activation: .relu, start: .xavier)
      output = { images, _, mode in critic(images, mode) }
    case .convolutional:
      let shape = try DCGANShape(kernel: 4, data, model: name)
      let critic = DCGANDiscriminator(Scope(stores.1), channels: options.channels, shape, data, norm: options.criticNorm)
      output = { images, _, mode in critic(images, mode) }
    }
    game = try Game(
      options.objective, model: name,
      generator: Generator(options.updates.generator(stores.0), latent: options.latent, classes: nil, images: images),
      critic: Critic(
        options.updates.critic(stores.1), parts: [.features],
        hasBatchNorm: options.critic == .convolutional && options.criticNorm == .batch, output: output))
  }
}
