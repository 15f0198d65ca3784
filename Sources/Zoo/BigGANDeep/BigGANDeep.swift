public import Adversarial
import Layers
import Tensors

/// BigGAN of twice as many blocks, each with a bottleneck, and shortcuts without weights where channels allow it.
public final class BigGANDeep: GameModel {
  public static let card = ModelCard(
    name: "biggan-deep", paper: "Large Scale GAN Training for High Fidelity Natural Image Synthesis (BigGAN-deep)",
    authors: "Brock, Donahue, Simonyan, 2019", link: "https://arxiv.org/abs/1809.11096",
    summary: "BigGAN with bottleneck blocks, identity shortcuts, and the whole z in every block",
    deviations: [
      "the bottleneck is a quarter of the wider end of a block, as google/compare_gan (ajbrock/BigGAN-PyTorch: of its input)",
      "the critic's features are summed over pixels, as google/compare_gan's code (its text says mean)",
      "biases start at 0; batch-norm moments are those of the global batch, on any number of ranks",
    ])

  public let game: Game

  public init(_ options: BigGANDeepOptions, data: DataFormat) throws {
    guard data.height == data.width else {
      throw ModelError("biggan-deep: images of \(data.height)x\(data.width); square ones of 32, 64, 128 or 256 px are needed")
    }
    let widths = try BigGANDeepWidths(size: data.height)
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let generator = try BigGANDeepGenerator(Scope(stores.0), options, widths, data)
    let discriminator = try BigGANDeepDiscriminator(Scope(stores.1), options, widths, data)
    game = try options.common.game(
      options.objective, model: Self.card.name, latent: options.latent, classes: data.classes,
      generator: (stores.0, generator.callAsFunction), critic: (stores.1, discriminator.callAsFunction))
  }
}
