public import Adversarial
import Layers
import Tensors

/// GAN whose critic has spectral norm.
public final class SNGAN: GameModel {
  public static let card = ModelCard(
    name: "sngan", paper: "Spectral Normalization for Generative Adversarial Networks", authors: "Miyato, Kataoka, Koyama, Yoshida, 2018",
    link: "https://arxiv.org/abs/1802.05957",
    summary: "each critic weight over its largest singular value, hinge loss; residual networks of 32, 64, 128 px, or a plain CNN",
    deviations: [
      "both phases have one batch size (the authors' code doubles the generator's)",
      "3x3 kernels of blocks start as all others, by Xavier (the authors' code multiplies them by √2, which the critic's norm undoes)",
      "the last layer of the 32 px critic has a bias (the authors' code leaves it out)",
      "without classes; the projection critic of the same authors is in biggan and sagan",
      "the 1x1 shortcut runs before the upsampling and after the pooling: the same function at a quarter of the work",
    ])

  public let game: Game

  public init(_ options: SNGANOptions, data: DataFormat) throws {
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let spectral = SpectralNorm.Settings(epsilon: options.spectralEpsilon)
    let (images, output): (Generator.Function, Critic.Function)
    switch options.networks {
    case .residual:
      let plan = try options.plan(data)
      let generator = ResidualGenerator(Scope(stores.0), latent: options.latent, widths: plan.generator, data: data, start: .xavier)
      let critic = ResidualCritic(Scope(stores.1), plan.critic, data: data, start: .xavier, spectral: spectral)
      (images, output) = ({ latent, _, mode in generator(latent, mode) }, { images, _, mode in critic(images, mode) })
    case .plain:
      let generator = try PlainSNGAN.Generator(Scope(stores.0), options, data)
      let critic = PlainSNGAN.Discriminator(Scope(stores.1), options, data, spectral: spectral)
      (images, output) = ({ latent, _, mode in generator(latent, mode) }, { images, _, mode in critic(images, mode) })
    }
    let updates = options.updates
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(updates.generator(stores.0), latent: options.latent, classes: nil, images: images),
      critic: Critic(updates.critic(stores.1), parts: [.features], hasBatchNorm: false, output: output))
  }
}

extension SNGANOptions {
  /// The residual networks of pfnet-research/sngan_projection: resnet_32.py, snresnet_32.py, resnet_64.py, snresnet_64.py, resnet.py,
  /// snresnet.py.
  func plan(_ data: DataFormat) throws -> (generator: [Int], critic: ResidualCritic.Plan) {
    let (generator, critic, halvings): ([Int], [Int], Int)
    switch (data.height, data.width) {
    case (32, 32): (generator, critic, halvings) = ([1, 1, 1, 1], [1, 1, 1, 1], 2)
    case (64, 64): (generator, critic, halvings) = ([16, 8, 4, 2, 1], [1, 2, 4, 8, 16], 5)
    case (128, 128): (generator, critic, halvings) = ([16, 16, 8, 4, 2, 1], [1, 2, 4, 8, 16, 16], 5)
    default:
      throw ModelError(
        "sngan: images of \(data.height)x\(data.width); residual networks need square ones of 32, 64 or 128 px, --networks plain any that 8 divides"
      )
    }
    let blocks = critic.enumerated().map { (width: $1 * discriminatorChannels, halves: $0 < halvings) }
    return (
      generator.map { $0 * generatorChannels },
      .init(entry: nil, blocks: blocks, isNarrowInside: true, isNormalized: false, ending: .sum)
    )
  }
}
