public import Adversarial
import Layers
import Optimization
import Tensors

/// Deep convolutional GAN.
public final class DCGAN: GameModel {
  public static let card = ModelCard(
    name: "dcgan", paper: "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
    authors: "Radford, Metz, Chintala, 2016", link: "https://arxiv.org/abs/1511.06434",
    summary: "strided convolutions, batch norm in both networks, non-saturating loss; without classes",
    deviations: [
      "no L2 penalty (the authors' code adds 1e-5, the paper does not mention it)",
      "the paper and its code use 5x5 kernels: --kernel 5; the default 4x4 is the form most later code uses",
    ])

  public let game: Game

  public init(_ options: DCGANOptions, data: DataFormat) throws {
    let shape = try DCGANShape(kernel: options.kernel, data, model: Self.card.name)
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let generator = DCGANGenerator(
      Scope(stores.0), latent: options.latent, channels: options.generatorChannels, shape, data)
    let discriminator = DCGANDiscriminator(Scope(stores.1), channels: options.discriminatorChannels, shape, data)
    let settings = Adam.Settings(learningRate: options.learningRate, beta1: options.beta1, beta2: options.beta2)
    let average = options.averageDecay > 0 ? WeightAverage(stores.0, decay: options.averageDecay, start: 0) : nil
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(
        Network(store: stores.0, optimizer: Adam(stores.0, settings), average: average), latent: options.latent, law: .uniform,
        classes: nil
      ) { latent, _, mode in generator(latent, mode) },
      critic: Critic(
        Network(store: stores.1, optimizer: Adam(stores.1, settings)), parts: [.features], hasBatchNorm: true
      ) { images, _, mode in discriminator(images, mode) })
  }
}
