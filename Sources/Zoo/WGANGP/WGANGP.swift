public import Adversarial
import Layers
import Tensors

/// Wasserstein GAN with a penalty on the critic's slopes.
public final class WGANGP: GameModel {
  public static let card = ModelCard(
    name: "wgan-gp", paper: "Improved Training of Wasserstein GANs", authors: "Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville, 2017",
    link: "https://arxiv.org/abs/1704.00028",
    summary: "the Wasserstein distance by a critic whose slopes are held to 1: residual, DCGAN's or dense networks, without batch norm",
    deviations: [
      "both phases have one batch size (the authors' code doubles the generator's for CIFAR-10)",
      "residual blocks have all biases (gan_64x64.py leaves one of each pair out), and a Xavier start",
      "pixels are not dequantized by noise",
      "the 1x1 shortcut runs before the upsampling and after the pooling: the same function at a quarter of the work",
      "128 px continue the 64 px networks by one block; the paper has 32 and 64 px",
    ])

  public let game: Game

  public init(_ options: WGANGPOptions, data: DataFormat) throws {
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let (images, output): (Generator.Function, Critic.Function)
    switch options.networks {
    case .dense:
      let generator = DenseGenerator(
        Scope(stores.0), latent: options.latent, widths: Array(repeating: options.width, count: 4), data: data, isNormalized: false,
        range: .tangent, start: .xavier)
      let critic = DenseCritic(
        Scope(stores.1), widths: Array(repeating: options.width, count: 3), data: data, activation: .relu, start: .xavier)
      (images, output) = ({ latent, _, mode in generator(latent, mode) }, { images, _, mode in critic(images, mode) })
    case .convolutional:
      let shape = try DCGANShape(kernel: 5, data, model: Self.card.name)
      let generator = DCGANGenerator(Scope(stores.0), latent: options.latent, channels: options.channels, shape, data)
      let critic = DCGANDiscriminator(
        Scope(stores.1), channels: options.channels, shape, data, norm: options.layerNorm ? .layer : .none)
      (images, output) = ({ latent, _, mode in generator(latent, mode) }, { images, _, mode in critic(images, mode) })
    case .residual:
      let plan = try options.plan(data)
      let generator = ResidualGenerator(Scope(stores.0), latent: options.latent, widths: plan.generator, data: data, start: .xavier)
      let critic = ResidualCritic(Scope(stores.1), plan.critic, data: data, start: .xavier, spectral: nil)
      (images, output) = ({ latent, _, mode in generator(latent, mode) }, { images, _, mode in critic(images, mode) })
    }
    let updates = options.updates
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(updates.generator(stores.0), latent: options.latent, classes: nil, images: images),
      critic: Critic(updates.critic(stores.1), parts: [.features], hasBatchNorm: false, output: output))
  }
}

extension WGANGPOptions {
  /// The residual networks: at 32 px those of gan_cifar_resnet.py, at 64 px GoodGenerator and GoodDiscriminator of gan_64x64.py, in
  /// igul222/improved_wgan_training.
  func plan(_ data: DataFormat) throws -> (generator: [Int], critic: ResidualCritic.Plan) {
    guard data.height == data.width, [32, 64, 128].contains(data.height) else {
      throw ModelError(
        "wgan-gp: images of \(data.height)x\(data.width); residual networks need square ones of 32, 64 or 128 px, --networks dense takes all"
      )
    }
    func blocks(_ widths: [Int], halving: Int) -> [(width: Int, halves: Bool)] {
      widths.enumerated().map { ($1 * channels, $0 < halving) }
    }
    let generator =
      switch data.height {
      case 32: [1, 1, 1, 1]
      case 64: [8, 8, 4, 2, 1]
      default: [8, 8, 8, 4, 2, 1]
      }
    let critic: ResidualCritic.Plan =
      data.height == 32
      ? .init(entry: nil, blocks: blocks([1, 1, 1, 1], halving: 2), isNarrowInside: true, isNormalized: layerNorm, ending: .mean)
      : .init(
        entry: channels, blocks: blocks(data.height == 64 ? [2, 4, 8, 8] : [2, 4, 8, 8, 8], halving: 5), isNarrowInside: true,
        isNormalized: layerNorm, ending: .flat)
    return (generator.map { $0 * channels }, critic)
  }
}
