import Adversarial
import Layers
import Optimization
import Tensors

/// The game that all large-batch models play: hinge loss, real and generated images in one pass of the critic, Adam, averaged generator.
final class LargeBatchGame {
  /// Images of latent vectors and classes.
  typealias Generator = (_ latent: Tensor, _ labels: Labels?, _ mode: Mode) -> Tensor
  /// Logits of images and classes.
  typealias Discriminator = (_ images: Tensor, _ labels: Labels?, _ mode: Mode) -> Tensor

  let networks: [Network]
  let sampling: SamplingTraits
  private let options: LargeBatchOptions
  private let generator: Generator
  private let discriminator: Discriminator
  private let excluded: Set<String>
  private let divergence = Hinge()

  /// - Parameters:
  ///   - latent: size of z.
  ///   - classes: number of classes, nil for networks that take no labels.
  ///   - excluded: paths of the generator that orthogonal regularization leaves out.
  init(
    _ options: LargeBatchOptions, latent: Int, classes: Int?, generator: (store: ParameterStore, apply: Generator),
    discriminator: (store: ParameterStore, apply: Discriminator), excluding excluded: Set<String>
  ) {
    self.options = options
    sampling = SamplingTraits(latentSize: latent, classes: classes, canTruncate: true)
    (self.generator, self.discriminator) = (generator.apply, discriminator.apply)
    self.excluded = excluded
    func adam(_ store: ParameterStore, _ rate: Float) -> Adam {
      Adam(store, .init(learningRate: rate, beta1: options.beta1, beta2: options.beta2, epsilon: options.adamEpsilon))
    }
    let average =
      options.averageDecay > 0 ? WeightAverage(generator.store, decay: options.averageDecay, start: options.averageStart) : nil
    networks = [
      Network(store: generator.store, optimizer: adam(generator.store, options.generatorLearningRate), average: average),
      Network(store: discriminator.store, optimizer: adam(discriminator.store, options.discriminatorLearningRate)),
    ]
  }

  var phases: [Phase] {
    let steps = options.discriminatorSteps
    return [
      Phase("discriminator", updating: networks[1], needsData: true, times: { _ in steps }, loss: discriminatorLoss),
      Phase("generator", updating: networks[0], needsData: false, loss: generatorLoss),
    ]
  }

  func sample(_ request: SampleRequest) -> Tensor { generator(request.latent, request.labels, request.mode) }

  /// Hinge loss on real and generated images in one pass, so that spectral norm iterates once.
  private func discriminatorLoss(_ context: StepContext) -> Tensor {
    let fakeLabels = sampling.classes.map { context.randomLabels(classes: $0) }
    let fake = generator(context.normalLatent(sampling.latentSize), fakeLabels, .training)
    let labels = context.labels.flatMap { real in fakeLabels.map { real.concatenated(with: $0) } }
    let logits = discriminator(concatenated([context.images, fake], axis: 0), labels, .training)
    let parts = logits.split(like: [context.images, fake])
    context.report("real logit", parts[0].detached.mean())
    context.report("fake logit", parts[1].detached.mean())
    return divergence.criticLoss(real: parts[0], fake: parts[1])
  }

  private func generatorLoss(_ context: StepContext) -> Tensor {
    let labels = sampling.classes.map { context.randomLabels(classes: $0) }
    let fake = generator(context.normalLatent(sampling.latentSize), labels, .training)
    let loss = divergence.generatorLoss(fake: discriminator(fake, labels, .training))
    guard options.orthogonal > 0 else { return loss }
    let penalty = OrthogonalRegularizer(strength: options.orthogonal)(networks[0].store, excluding: excluded)
    context.report("orthogonal", penalty)
    return loss + penalty
  }
}
