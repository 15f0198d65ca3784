public import Adversarial
import Layers
import Optimization
public import Tensors

/// Deep convolutional GAN.
public final class DCGAN: Model {
  public static let card = ModelCard(
    name: "dcgan", paper: "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
    authors: "Radford, Metz, Chintala, 2016", link: "https://arxiv.org/abs/1511.06434",
    summary: "strided convolutions, batch norm in both networks, non-saturating loss; without classes",
    deviations: [
      "no L2 penalty (the authors' code adds 1e-5, the paper does not mention it)",
      "the paper and its code use 5x5 kernels: --kernel 5; the default 4x4 is the form most later code uses",
    ])

  public let networks: [Network]
  public let sampling: SamplingTraits
  private let options: DCGANOptions
  private let generator: DCGANGenerator
  private let discriminator: DCGANDiscriminator
  private let divergence = NonSaturating()

  public init(_ options: DCGANOptions, data: DataFormat) throws {
    let shape = try DCGANShape(options, data)
    self.options = options
    sampling = SamplingTraits(latentSize: options.latent, classes: nil, canTruncate: false)
    let (generatorStore, discriminatorStore) = (ParameterStore(name: "generator"), ParameterStore(name: "discriminator"))
    generator = DCGANGenerator(Scope(generatorStore), options, shape, data)
    discriminator = DCGANDiscriminator(Scope(discriminatorStore), options, shape, data)
    let settings = Adam.Settings(learningRate: options.learningRate, beta1: options.beta1, beta2: options.beta2)
    let average = options.averageDecay > 0 ? WeightAverage(generatorStore, decay: options.averageDecay, start: 0) : nil
    networks = [
      Network(store: generatorStore, optimizer: Adam(generatorStore, settings), average: average),
      Network(store: discriminatorStore, optimizer: Adam(discriminatorStore, settings)),
    ]
  }

  public var phases: [Phase] {
    [
      Phase("discriminator", updating: networks[1], needsData: true, loss: discriminatorLoss),
      Phase("generator", updating: networks[0], needsData: false, loss: generatorLoss),
    ]
  }

  public func sample(_ request: SampleRequest) -> Tensor { generator(request.latent, request.mode) }

  /// Real and generated images in passes of their own: batch norm must not tell them apart by their joint moments.
  private func discriminatorLoss(_ context: StepContext) -> Tensor {
    let fake = generator(context.uniformLatent(options.latent), .training)
    let (real, generated) = (discriminator(context.images, .training), discriminator(fake, .training))
    context.report("real logit", real.detached.mean())
    context.report("fake logit", generated.detached.mean())
    return divergence.criticLoss(real: real, fake: generated)
  }

  private func generatorLoss(_ context: StepContext) -> Tensor {
    let fake = generator(context.uniformLatent(options.latent), .training)
    return divergence.generatorLoss(fake: discriminator(fake, .training))
  }
}
