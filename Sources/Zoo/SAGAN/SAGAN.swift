public import Adversarial
import Layers
public import Tensors

/// GAN with self-attention, spectral norm in both networks and two learning rates.
public final class SAGAN: Model {
  public static let card = ModelCard(
    name: "sagan", paper: "Self-Attention Generative Adversarial Networks",
    authors: "Zhang, Goodfellow, Metaxas, Odena, 2019", link: "https://arxiv.org/abs/1805.08318",
    summary: "residual blocks, self-attention at 32 px, spectral norm in both networks, projection critic, hinge loss, TTUR",
    deviations: [
      "the 1x1 shortcut runs before the upsampling and after the pooling: the same function at a quarter of the work",
      "class tables of the norms start around a gain of 1 (the authors' code starts them at gain 1, bias 0)",
      "32, 64 and 256 px have BigGAN's widths; the paper has 128 px alone",
      "the strided form's attention is the paper's, with pooled keys and a 1x1 output",
    ])

  private let game: LargeBatchGame

  public init(_ options: SAGANOptions, data: DataFormat) throws {
    switch options.form {
    case .residual: game = try BigGAN.game(options.residual, data, model: Self.card.name)
    case .strided:
      let levels = try StridedSAGAN.levels(data)
      let (generatorStore, discriminatorStore) = (ParameterStore(name: "generator"), ParameterStore(name: "discriminator"))
      let generator = try StridedSAGAN.Generator(Scope(generatorStore), options, levels, data)
      let discriminator = try StridedSAGAN.Discriminator(Scope(discriminatorStore), options, levels, data)
      game = LargeBatchGame(
        options.common, latent: options.latent, classes: nil,
        generator: (generatorStore, { latent, _, mode in generator(latent, mode) }),
        discriminator: (discriminatorStore, { images, _, mode in discriminator(images, mode) }), excluding: [])
    }
  }

  public var networks: [Network] { game.networks }
  public var phases: [Phase] { game.phases }
  public var sampling: SamplingTraits { game.sampling }
  public func sample(_ request: SampleRequest) -> Tensor { game.sample(request) }
}
