import Adversarial
import Layers
import Optimization
import Tensors

/// One linear map of the pixels that is drawn towards `target`: a model whose costs and gradients can be counted by hand.
///
/// Its samples are the latent vectors themselves, so that what the sampler draws can be seen.
final class LinearModel: Model {
  struct Options: ModelOptions {
    var rate: Float = 0.5
    var target: Float = 1
    var outputs = 1
    var exponent: Float = 0
    var updates = 1
    static var fields: [OptionField<Self>] {
      [
        .value("rate", \.rate, "step size"), .value("target", \.target, "what the outputs are drawn towards"),
        .value("outputs", \.outputs, "width"), .value("exponent", \.exponent, "its power of e divides 1, which is added to the loss"),
        .value("updates", \.updates, "updates a step"),
      ]
    }
    static var presets: [Preset<Self>] {
      [Preset(name: "linear", summary: "for tests", options: Options(), run: RunDefaults(batch: 8, steps: 3))]
    }
    mutating func scaleLearningRates(by factor: Float) { rate *= factor }
  }

  static let card = ModelCard(name: "linear", paper: "", authors: "", link: "", summary: "", deviations: [])
  let networks: [Network]
  let sampling = SamplingTraits(latentSize: 16, classes: nil, canTruncate: true)
  private let map: Dense
  private let target: Float
  private let exponent: Float
  private let updates: Int
  /// Latent vectors of all evaluations of the loss, in order.
  private(set) var latents: [[Float]] = []

  init(_ options: Options, data: DataFormat) throws {
    let store = ParameterStore(name: "map")
    map = Dense(
      Scope(store)["dense"], from: data.height * data.width * data.channels, to: options.outputs, bias: false, initializer: .zeros)
    target = options.target
    exponent = options.exponent
    updates = options.updates
    networks = [Network(store: store, optimizer: GradientDescent(store, learningRate: options.rate))]
  }

  var phases: [Phase] {
    [
      Phase("map", updating: networks[0], needsData: true, times: { [updates] _ in updates }) { [self] context in
        let latent = context.normalLatent(2)
        if !latent.isAbstract { latents.append(latent.values) }
        let x = context.images
        let y = map(x.reshaped([-1, x.shape[1] * x.shape[2] * x.shape[3]]), .training)
        return (y - target).squared().mean() + Tensor(exponent).exponential().reciprocal()
      }
    ]
  }

  func sample(_ request: SampleRequest) -> Tensor { request.latent.reshaped([-1, 4, 4, 1]) }
}
