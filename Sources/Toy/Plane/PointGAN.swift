public import Adversarial
import Layers
import Optimization
public import Tensors

/// Two perceptrons that play for points of the plane: any loss, terms and constraints.
public final class PointGAN: GameModel {
  public static let card = ModelCard(
    name: "toy", paper: "Generative Adversarial Nets", authors: "Goodfellow et al., 2014", link: "https://arxiv.org/abs/1406.2661",
    summary: "two perceptrons on points of the plane", deviations: [])

  public let game: Game
  private let perceptron: PointCritic
  private let loss: any Divergence

  /// The networks; a loss of energies gets an autoencoder for its critic.
  /// - Throws: `OptionError` when the parts of the objective do not fit each other.
  public init(_ options: PointGANOptions, data: DataFormat) throws {
    let objective = options.objective
    let stores = (try objective.store("generator", .generator), try objective.store("critic", .critic))
    let hidden = [Int](repeating: options.width, count: options.layers)
    let generator = Perceptron(Scope(stores.0), widths: [options.latent] + hidden + [2], reach: 1)
    let critic = PointCritic(Scope(stores.1), hidden, isAutoencoder: objective.loss.input == .energy)
    let settings = Adam.Settings(learningRate: options.learningRate, beta1: options.beta1)
    let average = options.averageDecay > 0 ? WeightAverage(stores.0, decay: options.averageDecay, start: 0) : nil
    perceptron = critic
    loss = objective.loss
    game = try Game(
      objective, model: Self.card.name,
      generator: Generator(
        Network(store: stores.0, optimizer: Adam(stores.0, settings), average: average), latent: options.latent, classes: nil
      ) { latent, _, mode in generator(latent, mode).last.reshaped([-1, 1, 1, 2]) },
      critic: Critic(
        Network(store: stores.1, optimizer: Adam(stores.1, settings)), gives: critic.isAutoencoder ? .energy : .logits,
        energyUnit: "squared distance of a point from what is restored", parts: [.features], hasBatchNorm: false
      ) { points, _, mode in critic(points, mode) })
  }

  /// How real the critic takes points to be, `[count, 1]`: its logits, its negative energies, or the witness of a loss that compares features.
  /// - Parameters:
  ///   - points: `[count, 1, 1, 2]`.
  ///   - real: real points, for a witness.
  ///   - generated: generated ones.
  public func realness(of points: Tensor, real: Tensor, generated: Tensor) -> Tensor {
    let output = perceptron(points, .inference)
    guard let comparison = loss as? any FeatureDivergence else { return loss.input == .energy ? -output.logits : output.logits }
    func features(_ output: CriticOutput) -> Tensor {
      guard let features = output.features else { preconditionFailure("PointGAN: its critic has features") }
      return features
    }
    let (r, f) = (perceptron(real, .inference), perceptron(generated, .inference))
    return comparison.witness(features(output), real: features(r), fake: features(f))
  }
}

/// Dense layers with leaky rectifiers of slope 0.2 between them, weights N(0, 2/inputs).
///
/// Biases start apart, N(0, `reach`²) in the first layer and N(0, 1/4) in further hidden ones. With biases of 0, as networks of images start,
/// the kinks of all units go through the origin: such functions differ in direction but not along a ray, which suits a ring and no grid.
/// - Source: He et al. 2015, "Delving Deep into Rectifiers", section 2.2. https://arxiv.org/abs/1502.01852; the biases are ours.
struct Perceptron {
  private let layers: [Dense]

  /// Layers from each of `widths` to the next, for inputs that lie up to about `reach` from the origin.
  init(_ scope: Scope, widths: [Int], reach: Float) {
    layers = widths.indices.dropLast().map { index in
      let bias: Initializer =
        index == widths.count - 2 ? .zeros : .normal(deviation: index == 0 ? reach : 0.5)
      return Dense(
        scope["layers"][index], from: widths[index], to: widths[index + 1],
        initializer: .normal(deviation: (2 / Float(widths[index])).squareRoot()), biasInitializer: bias)
    }
  }

  /// The outputs of the last layer, without rectifier, and of the one before it.
  func callAsFunction(_ x: Tensor, _ mode: Mode) -> (last: Tensor, hidden: Tensor) {
    var hidden = x
    for layer in layers.dropLast() { hidden = layer(hidden, mode).leakyRectified(slope: 0.2) }
    return (layers[layers.count - 1](hidden, mode), hidden)
  }
}

/// Points to logits; or to energies `‖x - A(x)‖²` of an autoencoder A, whose code are its features.
struct PointCritic {
  let isAutoencoder: Bool
  private let encoder: Perceptron
  private let decoder: Perceptron?

  init(_ scope: Scope, _ hidden: [Int], isAutoencoder: Bool) {
    self.isAutoencoder = isAutoencoder
    let code = hidden[hidden.count - 1]
    // The sets lie within 2 of the origin along each axis.
    encoder = Perceptron(isAutoencoder ? scope["encoder"] : scope, widths: [2] + hidden + (isAutoencoder ? [] : [1]), reach: 2)
    decoder = isAutoencoder ? Perceptron(scope["decoder"], widths: [code] + hidden.dropLast().reversed() + [2], reach: 1) : nil
  }

  func callAsFunction(_ points: Tensor, _ mode: Mode) -> CriticOutput {
    let x = points.reshaped([-1, 2])
    let (last, hidden) = encoder(x, mode)
    guard let decoder else { return CriticOutput(logits: last, features: hidden) }
    let restored = decoder(last.leakyRectified(slope: 0.2), mode).last
    return CriticOutput(logits: (x - restored).squared().sum(axes: [1], keepingAxes: true), features: last)
  }
}
