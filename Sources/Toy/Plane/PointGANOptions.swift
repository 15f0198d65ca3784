public import Adversarial

/// Everything that can be set of a game in the plane.
public struct PointGANOptions: GameOptions {
  /// Width of all hidden layers.
  public var width = 64
  /// Hidden layers of each network.
  public var layers = 3
  /// Size of z.
  public var latent = 2
  /// Adam's step size of both networks.
  public var learningRate: Float = 2e-3
  /// Adam's β₁.
  public var beta1: Float = 0.5
  /// Decay of the generator's weight average, which samples come from; 0: the weights themselves.
  public var averageDecay: Float = 0.99
  public var objective = Objective(NonSaturating(), terms: [Self.flatness], criticSteps: 1)

  /// R1 with a weight for these sets, whose slopes are steeper than those of images: the plane is small and modes are narrow.
  public static var flatness: RealSlopes {
    var term = RealSlopes()
    term.gamma = 0.02
    return term
  }

  /// The default options.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("width", \.width, "width of all hidden layers", in: 1...4096),
      .value("layers", \.layers, "hidden layers of each network", in: 1...16),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("lr", \.learningRate, "Adam's step size", in: 0...1),
      .value("beta1", \.beta1, "Adam's decay of the first moment", in: 0...0.9999),
      .value("average-decay", \.averageDecay, "decay of the generator's weight average; 0: none", in: 0...0.99999),
    ]
  }

  public mutating func scaleLearningRates(by factor: Float) { learningRate *= factor }

  public static var presets: [Preset<Self>] {
    PointSet.allCases.map { set in
      var options = PointGANOptions()
      if set == .grid { options.objective.criticSteps = 2 }
      // Modes of the grid, 20 deviations apart in a square, take the critic far longer to tell apart than those of a curve.
      return Preset(
        name: set.rawValue, summary: "two small perceptrons for \(set.summary); our own numbers", options: options,
        run: RunDefaults(batch: 256, steps: set == .grid ? 8000 : 3000))
    }
  }
}
