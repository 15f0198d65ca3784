public import Adversarial

/// Everything that can be set of an R3GAN.
public struct R3GANOptions: GameOptions {
  /// Width of the stages up to `fullSize` pixels; beyond, each has half the width of the one before.
  public var channels = 768
  /// Largest image size whose stage has all channels.
  public var fullSize = 32
  /// Residual blocks of each stage.
  public var blocks = 2
  /// What a block multiplies its channels by inside.
  public var expansion = 2
  /// Channels of a group of the grouped convolutions.
  public var group = 16
  /// Size of z, and of the generator's class embedding.
  public var latent = 64
  /// How both networks are updated.
  public var updates = Self.adam(learningRate: 2e-4, averageDecay: 0.999)
  public var objective = Self.game(gamma: 0.05, over: 39_000)

  /// The options of the authors' code for CIFAR-10.
  public init() {}

  static func adam(learningRate: Float, averageDecay: Float) -> UpdateOptions {
    var updates = UpdateOptions.adam(learningRate, beta1: 0, beta2: 0.99)
    updates.averageDecay = averageDecay
    return updates
  }

  /// Pairs with both penalties, and step sizes that fall to a quarter.
  static func game(gamma: Float, over steps: Int) -> Objective {
    var (real, fake, schedule) = (RealSlopes(), FakeSlopes(), CosineRate())
    (real.gamma, fake.gamma) = (gamma, gamma)
    (schedule.to, schedule.over) = (0.25, steps)
    var objective = Objective(Relativistic(), terms: [real, fake], criticSteps: 1)
    objective.schedule = schedule
    return objective
  }

  public static var fields: [OptionField<Self>] {
    [
      .value("channels", \.channels, "width of the stages up to --full-size", in: 1...4096),
      .value("full-size", \.fullSize, "largest image size whose stage has all channels; beyond, each has half", in: 4...1024),
      .value("blocks", \.blocks, "residual blocks of each stage", in: 1...16),
      .value("expansion", \.expansion, "what a block multiplies its channels by inside", in: 1...8),
      .value("group", \.group, "channels of a group of the grouped convolutions", in: 1...4096),
      .value("latent", \.latent, "size of z, and of the generator's class embedding", in: 1...4096),
    ] + UpdateOptions.fields(\.updates)
  }

  public mutating func scaleLearningRates(by factor: Float) { updates.scaleLearningRates(by: factor) }

  /// Widths of the stages from 4x4 to the image.
  func widths(_ data: DataFormat) throws -> [Int] {
    guard data.height == data.width, data.height >= 8, data.height & (data.height - 1) == 0 else {
      throw ModelError("r3gan: images of \(data.height)x\(data.width); square ones of 8, 16, 32, 64, … px are needed")
    }
    return try (2...data.height.trailingZeroBitCount).map { level in
      let width = channels / max(1, (1 << level) / fullSize)
      guard width > 0, width * expansion <= group || (width * expansion).isMultiple(of: group) else {
        throw ModelError(
          "r3gan: of images of \(data.height)x\(data.width) the blocks at \(1 << level) px have \(width * expansion) channels inside, which "
            + "do not divide into groups of \(group); change --channels, --full-size, --expansion or --group")
      }
      return width
    }
  }

  public static var presets: [Preset<Self>] {
    var demo = R3GANOptions()
    // Half the width at each size from 8 px on: half the work of one width up to 16 px.
    (demo.channels, demo.fullSize, demo.blocks) = (128, 4, 1)
    demo.updates = adam(learningRate: 1e-3, averageDecay: 0.99)
    demo.objective = game(gamma: 1, over: 2000)
    var faces = R3GANOptions()
    faces.objective = game(gamma: 150, over: 78_000)
    return [
      Preset(
        name: "demo", summary: "a small R3GAN for the embedded 32 px sets; our own numbers", options: demo,
        run: RunDefaults(batch: 32, steps: 2000)),
      Preset(
        name: "cifar10", summary: "32 px as brownvc/R3GAN, train.py, CIFAR10: 768 channels, gamma 0.05, batch 512", options: R3GANOptions(),
        run: RunDefaults(batch: 512, steps: 200_000)),
      Preset(
        name: "ffhq256", summary: "256 px as brownvc/R3GAN, train.py, FFHQ-256: widths 768 to 96, gamma 150, batch 256", options: faces,
        run: RunDefaults(batch: 256, steps: 400_000)),
    ]
  }
}
