public import Adversarial

/// Everything that can be set of a SemiGAN.
public struct SemiGANOptions: GameOptions {
  /// Images of each class whose labels the classifier may see, chosen by the run's seed.
  public var labelsPerClass = 400
  /// Whether it learns from all images, by the game; otherwise from the labelled ones alone, as a control.
  public var usesUnlabelled = true
  /// Width of the generator's last hidden layer.
  public var generatorChannels = 128
  /// Width of the classifier's first layers; those after the first halving have twice as many.
  public var discriminatorChannels = 96
  /// Size of z.
  public var latent = 100
  /// Share of the image's numbers that are left out.
  public var imageDropout: Float = 0.2
  /// Share of numbers that are left out after each halving.
  public var dropout: Float = 0.5
  /// Decay of the classifier's weight average, which accuracy is taken of.
  public var criticAverage: Float = 0.9999
  /// How both networks are updated.
  public var updates = UpdateOptions.adam(3e-4, beta1: 0.5)
  public var objective = Self.game(CriticAlone(), after: 400_000, over: 200_000)

  /// The options of the authors' code for CIFAR-10.
  public init() {}

  static func game(_ divergence: any Divergence, after: Int, over: Int) -> Objective {
    var matching = FeatureMatching()
    matching.norm = .absolute
    var objective = Objective(divergence, terms: [matching, FewLabels()], constraints: [WeightNorm()], criticSteps: 1)
    var schedule = LinearRate()
    (schedule.after, schedule.over) = (after, over)
    objective.schedule = schedule
    return objective
  }

  public static var fields: [OptionField<Self>] {
    [
      .value("labels-per-class", \.labelsPerClass, "images of each class whose labels are seen, chosen by the seed", in: 1...1_000_000),
      .value("unlabelled", \.usesUnlabelled, "whether it learns from all images; false: from the labelled alone, as a control"),
      .value("generator-channels", \.generatorChannels, "width of the generator's last hidden layer", in: 1...1024),
      .value("discriminator-channels", \.discriminatorChannels, "width of the classifier's first layers", in: 1...1024),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("image-dropout", \.imageDropout, "share of the image's numbers left out", in: 0...0.95),
      .value("dropout", \.dropout, "share of numbers left out after each halving", in: 0...0.95),
      .value("critic-average", \.criticAverage, "decay of the classifier's weight average; 0: none", in: 0...0.99999),
    ] + UpdateOptions.fields(\.updates)
  }

  public mutating func scaleLearningRates(by factor: Float) { updates.scaleLearningRates(by: factor) }

  public static var presets: [Preset<Self>] {
    var demo = SemiGANOptions()
    (demo.labelsPerClass, demo.generatorChannels, demo.discriminatorChannels) = (10, 32, 32)
    demo.criticAverage = 0.99
    demo.updates.averageDecay = 0.99
    // By features alone, which are means over all pixels, the generator needs far longer than this to find images that vary.
    demo.objective = game(NonSaturating(), after: 2000, over: 1000)
    return [
      Preset(
        name: "demo", summary: "a small SemiGAN for labelled 32 px sets, ten labels a class, with an adversarial loss too; our own numbers",
        options: demo,
        run: RunDefaults(batch: 50, steps: 3000)),
      Preset(
        name: "cifar10", summary: "32 px as openai/improved-gan, train_cifar_feature_matching.py: 400 labels a class, 1200 epochs",
        options: SemiGANOptions(), run: RunDefaults(batch: 100, steps: 600_000)),
    ]
  }
}
