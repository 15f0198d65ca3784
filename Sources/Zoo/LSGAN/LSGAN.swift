public import Adversarial
import Layers
import Tensors

/// Least-squares GAN.
public final class LSGAN: GameModel {
  public static let card = ModelCard(
    name: "lsgan", paper: "Least Squares Generative Adversarial Networks", authors: "Mao, Li, Xie, Lau, Wang, Smolley, 2017",
    link: "https://arxiv.org/abs/1611.04076",
    summary: "squares of the critic's distance to its targets in place of logarithms; a generator of 3x3 kernels after VGG",
    deviations: [
      "losses are means over the batch as in the paper (the authors' code sums)",
      "the generator's and the critic's phase draw a z each (the authors' code uses one for both)",
      "any square size divisible by 16; the paper has 112 px",
    ])

  public let game: Game

  public init(_ options: LSGANOptions, data: DataFormat) throws {
    guard data.height == data.width, data.height % 16 == 0 else {
      throw ModelError("lsgan: images of \(data.height)x\(data.width); square ones whose size 16 divides are needed: 32, 48, 64, 112, …")
    }
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let generator = LSGANGenerator(Scope(stores.0), options, data)
    let critic = LSGANCritic(Scope(stores.1), options, data)
    let updates = options.updates
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(updates.generator(stores.0), latent: options.latent, law: .uniform, classes: nil) { latent, _, mode in
        generator(latent, mode)
      },
      critic: Critic(updates.critic(stores.1), parts: [.features], hasBatchNorm: true) { images, _, mode in critic(images, mode) })
  }
}

/// z to images: a dense layer to a sixteenth of the size, 3x3 transposed convolutions of stride 2 and 1 with batch norm and ReLU, tanh.
/// - Source: Mao et al. 2017, figure 3 (a); xudonmao/LSGAN, vgg.py. https://arxiv.org/abs/1611.04076
struct LSGANGenerator {
  /// Width in units of `channels`, and whether the layer doubles the size.
  private static let plan: [(width: Int, doubles: Bool)] = [(4, true), (4, false), (4, true), (4, false), (2, true), (1, true)]

  private let project: Dense
  private let layers: [(Tensor, Mode) -> Tensor]
  private let norms: [BatchNorm]
  private let output: Convolution2D
  private let first: [Int]
  private let path: String

  init(_ scope: Scope, _ options: LSGANOptions, _ data: DataFormat) {
    path = scope.path
    let start = Initializer.normal(deviation: 0.02)
    let widths = [4] + Self.plan.map(\.width)
    first = [data.height / 16, data.width / 16, 4 * options.generatorChannels]
    project = Dense(scope["project"], from: options.latent, to: first.reduce(1, *), bias: false, initializer: start)
    norms = widths.enumerated().map {
      BatchNorm(scope["norms"][$0], channels: $1 * options.generatorChannels, gain: .normal(mean: 1, deviation: 0.02))
    }
    layers = Self.plan.enumerated().map { index, layer in
      let (place, inputs, outputs) = (
        scope["convolutions"][index], widths[index] * options.generatorChannels, layer.width * options.generatorChannels
      )
      if layer.doubles {
        let convolution = TransposeConvolution2D(
          place, from: inputs, to: outputs, kernel: 3, stride: 2, padding: .sides(0, 0, 1, 1), bias: false, initializer: start)
        return { convolution($0, $1) }
      }
      let convolution = Convolution2D(place, from: inputs, to: outputs, kernel: 3, bias: false, initializer: start)
      return { convolution($0, $1) }
    }
    output = Convolution2D(scope["output"], from: options.generatorChannels, to: data.channels, kernel: 3, initializer: start)
  }

  func callAsFunction(_ latent: Tensor, _ mode: Mode) -> Tensor {
    named(path) {
      var x = norms[0](project(latent, mode).reshaped([latent.shape[0]] + first), mode, slope: 0)
      for (layer, norm) in zip(layers, norms.dropFirst()) { x = norm(layer(x, mode), mode, slope: 0) }
      return output(x, mode).hyperbolicTangent()
    }
  }
}

/// Images to one number each, `[batch, 1]`: four 5x5 convolutions of stride 2 with batch norm (not on the first) and leaky ReLU 0.2.
/// - Source: Mao et al. 2017, figure 3 (b). https://arxiv.org/abs/1611.04076
struct LSGANCritic {
  private let convolutions: [Convolution2D]
  private let norms: [BatchNorm]
  private let linear: Dense
  private let path: String

  init(_ scope: Scope, _ options: LSGANOptions, _ data: DataFormat) {
    path = scope.path
    let start = Initializer.normal(deviation: 0.02)
    let widths = (0..<4).map { options.discriminatorChannels << $0 }
    convolutions = widths.enumerated().map { index, width in
      Convolution2D(
        scope["convolutions"][index], from: index == 0 ? data.channels : widths[index - 1], to: width, kernel: 5, stride: 2,
        padding: .sides(1, 1, 2, 2), bias: index == 0, initializer: start)
    }
    norms = widths.dropFirst().enumerated().map {
      BatchNorm(scope["norms"][$0], channels: $1, gain: .normal(mean: 1, deviation: 0.02))
    }
    linear = Dense(scope["linear"], from: widths[3] * data.height * data.width / 256, to: 1, initializer: start)
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode) -> CriticOutput {
    named(path) {
      var x = convolutions[0](images, mode).leakyRectified(slope: 0.2)
      for (convolution, norm) in zip(convolutions.dropFirst(), norms) { x = norm(convolution(x, mode), mode, slope: 0.2) }
      let features = x.reshaped([images.shape[0], -1])
      return CriticOutput(logits: linear(features, mode), features: features)
    }
  }
}
