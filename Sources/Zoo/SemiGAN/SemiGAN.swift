public import Adversarial
import Layers
import Optimization
public import Tensors

/// Semi-supervised GAN: a classifier that learns from a few labelled images, and from many without by telling generated ones.
public final class SemiGAN: GameModel, Classifying {
  public static let card = ModelCard(
    name: "semigan", paper: "Improved Techniques for Training GANs",
    authors: "Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen, 2016", link: "https://arxiv.org/abs/1606.03498",
    summary: "K classes and 'generated' in one softmax, --labels-per-class images with labels, a generator that matches features",
    deviations: [
      "the generator is DCGAN's with 5x5 kernels: batch norm with gains, no weight norm on its last layer, z in [-1, 1]",
      "the classifier's weights start so that numbers keep their size from layer to layer; the authors' code sets the lengths and biases of "
        + "weight norm by a first batch, to the same end",
      "--loss non-saturating, which the demo has, gives the generator an adversarial loss too, as Odena 2016, https://arxiv.org/abs/1606.01583",
    ])

  public let game: Game
  private let critic: SemiGANCritic
  private let usesUnlabelled: Bool

  public init(_ options: SemiGANOptions, data: DataFormat) throws {
    guard let classes = data.classes else {
      throw ModelError(
        "semigan: it learns to classify, and the data has no labels (or --unconditional leaves them out); try dcgan, or labelled data")
    }
    let shape = try DCGANShape(kernel: 5, data, model: Self.card.name)
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let generator = DCGANGenerator(Scope(stores.0), latent: options.latent, channels: options.generatorChannels, shape, data)
    let critic = SemiGANCritic(Scope(stores.1), options, data, classes)
    self.critic = critic
    usesUnlabelled = options.usesUnlabelled
    let average = options.criticAverage > 0 ? WeightAverage(stores.1, decay: options.criticAverage, start: 0) : nil
    let optimizer = options.updates.optimizer(stores.1, options.updates.discriminatorLearningRate)
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(options.updates.generator(stores.0), latent: options.latent, law: .uniform, classes: nil) { latent, _, mode in
        generator(latent, mode)
      },
      critic: Critic(
        Network(store: stores.1, optimizer: optimizer, average: average), parts: [.features, .classes], hasBatchNorm: false
      ) { images, _, mode, draws in critic(images, mode, draws) },
      streams: [DataStream(FewLabels.labelled, .perClass(options.labelsPerClass))])
  }

  /// The game's; or, as a control, the same classifier's on the labelled images alone.
  public var phases: [Phase] {
    guard !usesUnlabelled else { return game.phases }
    return [
      Phase("discriminator", updating: networks[1], needsData: true) { [critic] context in
        FewLabels.alone(context) { images, draws in critic(images, .training, draws) }
      }
    ]
  }

  public func classLogits(_ images: Tensor) -> Tensor {
    guard let logits = critic(images, .inference, PassDraws([])).classes else { preconditionFailure("semigan: the critic gave no classes") }
    return logits
  }
}

/// Images to the logits of K classes, whose `ln Σ eˡ` is the logit of a real image: nine layers with leaky ReLU 0.2, dropout on the image and
/// after each halving, the mean over pixels, a dense layer.
/// - Source: openai/improved-gan, mnist_svhn_cifar10/train_cifar_feature_matching.py
struct SemiGANCritic {
  private let convolutions: [Convolution2D]
  private let dropouts: [Dropout]
  private let classes: Dense
  private let path: String

  init(_ scope: Scope, _ options: SemiGANOptions, _ data: DataFormat, _ classes: Int) {
    path = scope.path
    let width = options.discriminatorChannels
    let multiples = [1, 1, 1, 2, 2, 2, 2, 2, 2]
    let widths: [Int] = [data.channels] + multiples.map { $0 * width }
    convolutions = (0..<9).map { index -> Convolution2D in
      let (kernel, stride): (Int, Int) = (index < 7 ? 3 : 1, index == 2 || index == 5 ? 2 : 1)
      let padding: Padding = index < 6 ? .all(1) : .valid
      // Leaky ReLU keeps (1 + 0.2²) / 2 of a variance.
      let start = Initializer.normal(deviation: (2 / (1.04 * Float(kernel * kernel * widths[index]))).squareRoot())
      return Convolution2D(
        scope["convolutions"][index], from: widths[index], to: widths[index + 1], kernel: kernel, stride: stride, padding: padding,
        initializer: start)
    }
    dropouts = [options.imageDropout, options.dropout, options.dropout].enumerated().map { Dropout(scope["dropouts"][$0], rate: $1) }
    let last = Initializer.normal(deviation: (1 / Float(widths[9])).squareRoot())
    self.classes = Dense(scope["classes"], from: widths[9], to: classes, initializer: last)
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode, _ draws: PassDraws) -> CriticOutput {
    named(path) {
      var x = images
      for (index, convolution) in convolutions.enumerated() {
        if index.isMultiple(of: 3) && index < 9 { x = dropouts[index / 3](x, mode, draws) }
        x = convolution(x, mode).leakyRectified(slope: 0.2)
      }
      let features = x.mean(axes: [1, 2])
      let logits = classes(features, mode)
      return CriticOutput(logits: logits.logSumExp(), features: features, classes: logits)
    }
  }
}
