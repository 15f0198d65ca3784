public import Adversarial
import Layers
import Tensors

/// f-GAN: any f-divergence by its variational bound.
public final class FGAN: GameModel {
  public static let card = ModelCard(
    name: "fgan", paper: "f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization",
    authors: "Nowozin, Cseke, Tomioka, 2016", link: "https://arxiv.org/abs/1606.00709",
    summary: "any f-divergence of the catalogue, Kullback-Leibler by default: dense networks of any image size, or those of DCGAN",
    deviations: [
      "f*(g(v)) is computed in closed form, which stays finite wherever its value is",
      "the convolutional critic has no batch norm: bounds with unbounded conjugates do not survive its coupling of samples",
    ])

  public let game: Game

  public init(_ options: FGANOptions, data: DataFormat) throws {
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let updates = options.updates
    let (images, output): (Generator.Function, Critic.Function)
    switch options.networks {
    case .dense:
      let start = Initializer.uniform(-0.05, 0.05)
      let generator = DenseGenerator(
        Scope(stores.0), latent: options.latent, widths: [options.generatorWidth, options.generatorWidth], data: data,
        isNormalized: true, range: .sigmoid, start: start)
      let critic = DenseCritic(
        Scope(stores.1), widths: [options.criticWidth, options.criticWidth], data: data, activation: .elu, start: start)
      (images, output) = ({ latent, _, mode in generator(latent, mode) }, { images, _, mode in critic(images, mode) })
    case .convolutional:
      let shape = try DCGANShape(kernel: 4, data, model: Self.card.name)
      let generator = DCGANGenerator(Scope(stores.0), latent: options.latent, channels: options.channels, shape, data)
      let critic = DCGANDiscriminator(Scope(stores.1), channels: options.channels, shape, data, norm: .none)
      (images, output) = ({ latent, _, mode in generator(latent, mode) }, { images, _, mode in critic(images, mode) })
    }
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(updates.generator(stores.0), latent: options.latent, law: .uniform, classes: nil, images: images),
      critic: Critic(updates.critic(stores.1), parts: [.features], hasBatchNorm: false, output: output))
  }
}
