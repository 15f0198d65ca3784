public import Adversarial
import Layers
public import Tensors

/// Boundary equilibrium GAN: an autoencoder as critic, and a balance k that holds the ratio of energies.
public final class BEGAN: GameModel {
  public static let card = ModelCard(
    name: "began", paper: "BEGAN: Boundary Equilibrium Generative Adversarial Networks", authors: "Berthelot, Schumm, Metz, 2017",
    link: "https://arxiv.org/abs/1703.10717",
    summary: "autoencoder as critic, energies held in a ratio gamma by a weight k, a measure of convergence; without classes",
    deviations: [
      "step sizes are halved when the measure's average has not fallen by a hundredth for --loss equilibrium:patience=… updates: the paper "
        + "says that they are when it stalls, popular code halves them every 100,000 steps",
      "no skip connections that fade away (the paper tries them as a variant)",
      "weights start as Glorot's, as carpedm20/BEGAN-tensorflow; the paper does not say",
    ])

  public let game: Game

  /// The generator's numbers end where pixels do, which nothing in the network makes them.
  public func sample(_ request: SampleRequest) -> Tensor { game.sample(request).clamped(from: -1, to: 1) }

  public init(_ options: BEGANOptions, data: DataFormat) throws {
    guard data.height == data.width, data.height >= 16, data.height & (data.height - 1) == 0 else {
      throw ModelError("began: images of \(data.height)x\(data.width); square ones of 16, 32, 64, 128, … px are needed")
    }
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let generator = BEGANDecoder(Scope(stores.0), options, data)
    let critic = BEGANCritic(Scope(stores.1), options, data)
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(options.updates.generator(stores.0), latent: options.latent, law: .uniform, classes: nil) { latent, _, mode in
        generator(latent, mode)
      },
      critic: Critic(
        options.updates.critic(stores.1), gives: .energy, energyUnit: "mean of magnitudes over an image's numbers", parts: [.features],
        hasBatchNorm: false
      ) { images, _, mode in critic(images, mode) })
  }
}

/// A vector to an image: a dense layer to 8x8, two 3x3 convolutions with ELU at each size, nearest-neighbour doubling, 3x3. The generator,
/// and the second half of the critic.
/// - Source: Berthelot, Schumm, Metz 2017, figure 1. https://arxiv.org/abs/1703.10717
struct BEGANDecoder {
  private let project: Dense
  private let convolutions: [Convolution2D]
  private let output: Convolution2D
  private let width: Int
  private let path: String

  init(_ scope: Scope, _ options: BEGANOptions, _ data: DataFormat) {
    path = scope.path
    width = options.channels
    project = Dense(scope["project"], from: options.latent, to: 64 * width, initializer: .xavier)
    convolutions = (0..<(2 * BEGANOptions.scales(data))).map { [width] index in
      Convolution2D(scope["convolutions"][index], from: width, to: width, kernel: 3, initializer: .xavier)
    }
    output = Convolution2D(scope["output"], from: width, to: data.channels, kernel: 3, initializer: .xavier)
  }

  func callAsFunction(_ vector: Tensor, _ mode: Mode) -> Tensor {
    named(path) {
      var x = project(vector, mode).reshaped([vector.shape[0], 8, 8, width])
      for (index, convolution) in convolutions.enumerated() {
        // Each size but the first begins with the doubled image of the one before.
        let doubles = index > 0 && index.isMultiple(of: 2)
        x = (doubles ? convolution.afterUpsampling(x, mode) : convolution(x, mode)).exponentialLinear()
      }
      return output(x, mode)
    }
  }
}

/// Images to energies `[batch, 1]`, `mean|x - A(x)|` of an autoencoder A, whose code is the features.
///
/// The encoder has two 3x3 convolutions at each size, of a width that grows by n from size to size, and halves by a third one of stride 2.
/// - Source: Berthelot, Schumm, Metz 2017, figure 1, eq. (1) with η = 1; carpedm20/BEGAN-tensorflow, models.py. https://arxiv.org/abs/1703.10717
struct BEGANCritic {
  private let first: Convolution2D
  private let convolutions: [Convolution2D]
  private let code: Dense
  private let decoder: BEGANDecoder
  private let path: String

  init(_ scope: Scope, _ options: BEGANOptions, _ data: DataFormat) {
    path = scope.path
    let (encoder, scales) = (scope["encoder"], BEGANOptions.scales(data))
    func convolution(_ name: Scope, _ inputs: Int, _ outputs: Int, halves: Bool = false) -> Convolution2D {
      // Stride 2 reads pixels 2i to 2i + 2, as TensorFlow pads.
      Convolution2D(
        name, from: inputs, to: outputs, kernel: 3, stride: halves ? 2 : 1, padding: halves ? .sides(0, 0, 1, 1) : .same,
        initializer: .xavier)
    }
    first = convolution(encoder["first"], data.channels, options.channels)
    var inputs = options.channels
    convolutions = (0..<scales).flatMap { scale in
      let width = options.channels * (scale + 1)
      let place = encoder[scale]
      defer { inputs = width }
      let pair = [convolution(place["0"], inputs, width), convolution(place["1"], width, width)]
      return scale < scales - 1 ? pair + [convolution(place["2"], width, width, halves: true)] : pair
    }
    code = Dense(encoder["code"], from: 64 * inputs, to: options.latent, initializer: .xavier)
    decoder = BEGANDecoder(scope["decoder"], options, data)
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode) -> CriticOutput {
    named(path) {
      var x = first(images, mode).exponentialLinear()
      for (index, convolution) in convolutions.enumerated() {
        // The third of each size, which halves, has no rectifier.
        x = index % 3 == 2 ? convolution(x, mode) : convolution(x, mode).exponentialLinear()
      }
      let code = code(x.reshaped([images.shape[0], -1]), mode)
      let energies = (images - decoder(code, mode)).magnitude().mean(axes: [1, 2, 3])
      return CriticOutput(logits: energies.reshaped([images.shape[0], 1]), features: code)
    }
  }
}
