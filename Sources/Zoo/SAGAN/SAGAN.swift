public import Adversarial
import Layers
import Tensors

/// GAN with self-attention, spectral norm in both networks and two learning rates.
public final class SAGAN: GameModel {
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

  public let game: Game

  public init(_ options: SAGANOptions, data: DataFormat) throws {
    switch options.form {
    case .residual: game = try BigGAN.game(options.residual, data, model: Self.card.name)
    case .strided:
      let levels = try StridedSAGAN.levels(data)
      let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
      let generator = try StridedSAGAN.Generator(Scope(stores.0), options, levels, data)
      let discriminator = try StridedSAGAN.Discriminator(Scope(stores.1), options, levels, data)
      game = try options.common.game(
        options.objective, model: Self.card.name, latent: options.latent, classes: nil,
        generator: (stores.0, { latent, _, mode in generator(latent, mode) }),
        critic: (stores.1, { images, _, mode in discriminator(images, mode) }))
    }
  }
}
