public import Adversarial
import Layers
import Tensors

/// Large-scale class-conditional GAN with residual blocks, attention, projection and hinge loss.
public final class BigGAN: GameModel {
  public static let card = ModelCard(
    name: "biggan", paper: "Large Scale GAN Training for High Fidelity Natural Image Synthesis",
    authors: "Brock, Donahue, Simonyan, 2019", link: "https://arxiv.org/abs/1809.11096",
    summary: "residual blocks, shared class embedding, z in every block, self-attention, projection critic, hinge loss",
    deviations: [
      "biases start at 0 (ajbrock/BigGAN-PyTorch leaves PyTorch's uniform start)",
      "the 1x1 shortcut runs before the upsampling and after the pooling: the same function at a quarter of the work",
      "the gradient of the orthogonal regularization is the exact one (ajbrock/BigGAN-PyTorch adds half of it)",
      "batch-norm moments are those of the global batch, on any number of ranks",
    ])

  public let game: Game

  public init(_ options: BigGANOptions, data: DataFormat) throws {
    game = try Self.game(options, data, model: Self.card.name)
  }

  /// The game of these networks, which other models play with other options.
  static func game(_ options: BigGANOptions, _ data: DataFormat, model: String) throws -> Game {
    guard data.height == data.width else {
      throw ModelError("\(model): images of \(data.height)x\(data.width); square ones of 32, 64, 128 or 256 px are needed")
    }
    let widths = try BigGANWidths(size: data.height, model: model)
    if options.attention > 0 && options.attention > data.height / 2 {
      throw ModelError(
        "\(model): --attention \(options.attention) needs images of at least \(2 * options.attention) px, the critic halves first")
    }
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let generator = try BigGANGenerator(Scope(stores.0), options, widths, data, model: model)
    let discriminator = try BigGANDiscriminator(Scope(stores.1), options, widths, data)
    return try options.common.game(
      options.objective, model: model, latent: options.latent, classes: data.classes, generator: (stores.0, generator.callAsFunction),
      critic: (stores.1, discriminator.callAsFunction))
  }
}
