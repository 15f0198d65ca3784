public import Adversarial
import Layers
import Optimization
public import Tensors

/// Large-scale class-conditional GAN with residual blocks, attention, projection and hinge loss.
public final class BigGAN: Model {
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

  public let networks: [Network]
  public let sampling: SamplingTraits
  private let options: BigGANOptions
  private let classes: Int?
  private let generator: BigGANGenerator
  private let discriminator: BigGANDiscriminator
  private let divergence = Hinge()

  public init(_ options: BigGANOptions, data: DataFormat) throws {
    guard data.height == data.width else {
      throw ModelError("biggan: images of \(data.height)x\(data.width); square ones of 32, 64, 128 or 256 px are needed")
    }
    let widths = try BigGANWidths(size: data.height)
    if options.attention > 0 && options.attention > data.height / 2 {
      throw ModelError(
        "biggan: --attention \(options.attention) needs images of at least \(2 * options.attention) px, the critic halves first")
    }
    self.options = options
    classes = data.classes
    sampling = SamplingTraits(latentSize: options.latent, classes: data.classes, canTruncate: true)
    let (generatorStore, discriminatorStore) = (ParameterStore(name: "generator"), ParameterStore(name: "discriminator"))
    generator = try BigGANGenerator(Scope(generatorStore), options, widths, data)
    discriminator = BigGANDiscriminator(Scope(discriminatorStore), options, widths, data)
    func adam(_ store: ParameterStore, _ rate: Float) -> Adam {
      Adam(store, .init(learningRate: rate, beta1: options.beta1, beta2: options.beta2, epsilon: options.adamEpsilon))
    }
    networks = [
      Network(
        store: generatorStore, optimizer: adam(generatorStore, options.generatorLearningRate),
        average: WeightAverage(generatorStore, decay: options.averageDecay, start: options.averageStart)),
      Network(store: discriminatorStore, optimizer: adam(discriminatorStore, options.discriminatorLearningRate)),
    ]
  }

  public var phases: [Phase] {
    let steps = options.discriminatorSteps
    return [
      Phase("discriminator", updating: networks[1], needsData: true, times: { _ in steps }, loss: discriminatorLoss),
      Phase("generator", updating: networks[0], needsData: false, loss: generatorLoss),
    ]
  }

  public func sample(_ request: SampleRequest) -> Tensor { generator(request.latent, request.labels, request.mode) }

  /// Hinge loss on real and generated images in one pass, so that spectral norm iterates once.
  private func discriminatorLoss(_ context: StepContext) -> Tensor {
    let fakeLabels = classes.map { context.randomLabels(classes: $0) }
    let fake = generator(context.normalLatent(options.latent), fakeLabels, .training)
    let labels = context.labels.flatMap { real in fakeLabels.map { real.concatenated(with: $0) } }
    let logits = discriminator(concatenated([context.images, fake], axis: 0), labels, .training)
    let parts = logits.split(like: [context.images, fake])
    context.report("real logit", parts[0].detached.mean())
    context.report("fake logit", parts[1].detached.mean())
    return divergence.criticLoss(real: parts[0], fake: parts[1])
  }

  private func generatorLoss(_ context: StepContext) -> Tensor {
    let labels = classes.map { context.randomLabels(classes: $0) }
    let fake = generator(context.normalLatent(options.latent), labels, .training)
    let loss = divergence.generatorLoss(fake: discriminator(fake, labels, .training))
    guard options.orthogonal > 0 else { return loss }
    let store = networks[0].store
    let penalty = OrthogonalRegularizer(strength: options.orthogonal)(store, excluding: [BigGANGenerator.embeddingPath(store)])
    context.report("orthogonal", penalty)
    return loss + penalty
  }
}
