public import Adversarial
import Layers
import Tensors

/// Energy-based GAN: the critic is an autoencoder, and what it cannot restore has a high energy.
public final class EBGAN: GameModel {
  public static let card = ModelCard(
    name: "ebgan", paper: "Energy-based Generative Adversarial Network", authors: "Zhao, Mathieu, LeCun, 2017",
    link: "https://arxiv.org/abs/1609.03126",
    summary: "autoencoder as critic, energies up to a margin, codes of generated images pulled away from each other; without classes",
    deviations: [
      "the generator is DCGAN's with 4x4 kernels, whose widths at 64 px are the paper's 1024, 512, 256 and 128",
      "the autoencoder's hidden layers have leaky rectifiers of slope 0.2 and its output a tanh, as the paper's text leaves both open",
      "batch norm's gains start at 1 and the critic's weights at N(0, 0.02^2): the paper's 0.002 starts so flat that small sets learn nothing",
      "the margin is of the norm |x - A(x)|, the paper's formula; --energy mean is the mean of squares that most later code takes",
    ])

  public let game: Game

  public init(_ options: EBGANOptions, data: DataFormat) throws {
    let shape = try DCGANShape(kernel: 4, data, model: Self.card.name)
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let generator = DCGANGenerator(Scope(stores.0), latent: options.latent, channels: options.generatorChannels, shape, data)
    let critic = EBGANCritic(Scope(stores.1), options, data)
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(options.updates.generator(stores.0), latent: options.latent, law: .uniform, classes: nil) { latent, _, mode in
        generator(latent, mode)
      },
      critic: Critic(
        options.updates.critic(stores.1), gives: .energy, energyUnit: options.energy.unit, parts: [.features], hasBatchNorm: true
      ) { images, _, mode in critic(images, mode) })
  }
}

/// Images to energies `[batch, 1]`: how far an autoencoder's image lies from its input. Its code is the features.
///
/// Three 4x4 convolutions of stride 2, then three transposed ones; batch norm on all but the first and the last.
/// - Source: Zhao, Mathieu, LeCun 2017, eq. (5) and appendix: (64)4c2s-(128)4c2s-(256)4c2s-(128)4c2s-(64)4c2s-(3)4c2s.
///   https://arxiv.org/abs/1609.03126
struct EBGANCritic {
  private let encoder: [Convolution2D]
  private let decoder: [TransposeConvolution2D]
  private let norms: [BatchNorm]
  private let energy: EBGANOptions.Energy
  private let path: String

  init(_ scope: Scope, _ options: EBGANOptions, _ data: DataFormat) {
    path = scope.path
    energy = options.energy
    let start = Initializer.normal(deviation: 0.02)
    let widths = (0..<3).map { options.discriminatorChannels << $0 }
    let ends = [data.channels] + widths
    encoder = (0..<3).map { index in
      Convolution2D(
        scope["encoder"][index], from: ends[index], to: ends[index + 1], kernel: 4, stride: 2, padding: .all(1), bias: index == 0,
        initializer: start)
    }
    decoder = (0..<3).map { index in
      TransposeConvolution2D(
        scope["decoder"][index], from: ends[3 - index], to: ends[2 - index], kernel: 4, stride: 2, padding: .all(1), bias: index == 2,
        initializer: start)
    }
    norms = [widths[1], widths[2], widths[1], widths[0]].enumerated().map { BatchNorm(scope["norms"][$0], channels: $1) }
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode) -> CriticOutput {
    named(path) {
      var x = encoder[0](images, mode).leakyRectified(slope: 0.2)
      for index in 1..<3 { x = norms[index - 1](encoder[index](x, mode), mode, slope: 0.2) }
      let code = x.reshaped([images.shape[0], -1])
      for index in 0..<2 { x = norms[index + 2](decoder[index](x, mode), mode, slope: 0.2) }
      let squares = (images - decoder[2](x, mode).hyperbolicTangent()).squared()
      let energies =
        switch energy {
        // An image that is restored exactly has no direction in which its energy rises.
        case .norm: (squares.sum(axes: [1, 2, 3]) + 1e-12).squareRoot()
        case .mean: squares.mean(axes: [1, 2, 3])
        }
      return CriticOutput(logits: energies.reshaped([images.shape[0], 1]), features: code)
    }
  }
}
