public import Adversarial
import Layers
public import Tensors

/// BigGAN of twice as many blocks, each with a bottleneck, and shortcuts without weights where channels allow it.
public final class BigGANDeep: Model {
  public static let card = ModelCard(
    name: "biggan-deep", paper: "Large Scale GAN Training for High Fidelity Natural Image Synthesis (BigGAN-deep)",
    authors: "Brock, Donahue, Simonyan, 2019", link: "https://arxiv.org/abs/1809.11096",
    summary: "BigGAN with bottleneck blocks, identity shortcuts, and the whole z in every block",
    deviations: [
      "the bottleneck is a quarter of the wider end of a block, as google/compare_gan (ajbrock/BigGAN-PyTorch: of its input)",
      "the critic's features are summed over pixels, as google/compare_gan's code (its text says mean)",
      "biases start at 0; batch-norm moments are those of the global batch, on any number of ranks",
    ])

  private let game: LargeBatchGame

  public init(_ options: BigGANDeepOptions, data: DataFormat) throws {
    guard data.height == data.width else {
      throw ModelError("biggan-deep: images of \(data.height)x\(data.width); square ones of 32, 64, 128 or 256 px are needed")
    }
    let widths = try BigGANDeepWidths(size: data.height)
    let (generatorStore, discriminatorStore) = (ParameterStore(name: "generator"), ParameterStore(name: "discriminator"))
    let generator = try BigGANDeepGenerator(Scope(generatorStore), options, widths, data)
    let discriminator = try BigGANDeepDiscriminator(Scope(discriminatorStore), options, widths, data)
    game = LargeBatchGame(
      options.common, latent: options.latent, classes: data.classes, generator: (generatorStore, generator.callAsFunction),
      discriminator: (discriminatorStore, discriminator.callAsFunction), excluding: ["\(generatorStore.name).embedding.weight"])
  }

  public var networks: [Network] { game.networks }
  public var phases: [Phase] { game.phases }
  public var sampling: SamplingTraits { game.sampling }
  public func sample(_ request: SampleRequest) -> Tensor { game.sample(request) }
}
