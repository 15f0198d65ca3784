public import Adversarial
import Layers
import Optimization
import Tensors

/// Everything that can be set of the game on the line.
public struct LineGANOptions: GameOptions {
  /// Adam's step size of both networks.
  public var learningRate: Float = 7e-3
  public var objective = Objective(KullbackLeibler(), criticSteps: 5)

  /// The default options.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("lr", \.learningRate, "Adam's step size", in: 0...1)
    ]
  }

  public mutating func scaleLearningRates(by factor: Float) { learningRate *= factor }

  public static var presets: [Preset<Self>] {
    [
      Preset(
        name: "univariate", summary: "a normal distribution against 64-64 tanh units; batch and steps are ours", options: LineGANOptions(),
        run: RunDefaults(batch: 512, steps: 1000))
    ]
  }
}

/// A linear generator `μ + σ z`, z from N(0, 1), against a critic of two tanh layers of 64: a normal distribution is fitted to one that is
/// none, so that each divergence has a best fit of its own.
/// - Source: Nowozin, Cseke, Tomioka 2016, "f-GAN", the univariate experiment. https://arxiv.org/abs/1606.00709
public final class LineGAN: GameModel {
  public static let card = ModelCard(
    name: "univariate", paper: "f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization",
    authors: "Nowozin, Cseke, Tomioka, 2016", link: "https://arxiv.org/abs/1606.00709",
    summary: "a normal distribution fitted to a mixture",
    deviations: ["Adam with falling rates and an average of the fit, several critic updates"])

  public let game: Game
  private let generator: Dense
  private let network: Network

  public init(_ options: LineGANOptions, data: DataFormat) throws {
    let objective = options.objective
    let stores = (try objective.store("generator", .generator), try objective.store("critic", .critic))
    let generator = Dense(Scope(stores.0), from: 1, to: 1, initializer: .ones)
    let widths = [1, 64, 64, 1]
    let scope = Scope(stores.1)["layers"]
    let layers = (0..<3).map { Dense(scope[$0], from: widths[$0], to: widths[$0 + 1], initializer: .xavier) }
    let settings = Adam.Settings(learningRate: options.learningRate, beta1: 0.5)
    self.generator = generator
    network = Network(
      store: stores.0, optimizer: Adam(stores.0, settings), average: WeightAverage(stores.0, decay: 0.99, start: 0))
    game = try Game(
      objective, model: Self.card.name,
      generator: Generator(network, latent: 1, classes: nil) { latent, _, mode in generator(latent, mode).reshaped([-1, 1, 1, 1]) },
      critic: Critic(Network(store: stores.1, optimizer: Adam(stores.1, settings)), parts: [.features], hasBatchNorm: false) {
        points, _, mode in
        let first = layers[0](points.reshaped([-1, 1]), mode).hyperbolicTangent()
        let hidden = layers[1](first, mode).hyperbolicTangent()
        return CriticOutput(logits: layers[2](hidden, mode), features: hidden)
      })
  }

  /// μ and |σ| of the averaged weights.
  public var fit: NormalFit {
    guard let average = network.average?.allocated else { preconditionFailure("LineGAN: its generator keeps an average") }
    return network.store.using(values: average.values, buffers: average.buffers) {
      let points = generator(Tensor([0, 1], shape: [2, 1]), .inference).values
      return NormalFit(mean: Double(points[0]), deviation: Double(abs(points[1] - points[0])))
    }
  }
}
