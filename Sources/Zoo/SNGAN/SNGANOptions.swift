public import Adversarial

/// Everything that can be set of an SNGAN.
public struct SNGANOptions: GameOptions {
  /// Which networks.
  public enum Networks: String, OptionWord, Sendable {
    case residual
    /// Convolutions without shortcuts, the paper's table 3.
    case plain
  }

  /// Which networks.
  public var networks = Networks.residual
  /// Base width of the generator.
  public var generatorChannels = 256
  /// Base width of the critic.
  public var discriminatorChannels = 128
  /// Size of z.
  public var latent = 128
  /// Smallest norm that power iteration divides by.
  public var spectralEpsilon: Float = 1e-12
  /// How both networks are updated.
  public var updates = UpdateOptions.adam(2e-4, beta1: 0, beta2: 0.9)
  public var objective = Objective(Hinge(), criticSteps: 5)

  /// The authors' options for CIFAR-10.
  public init() {
    var schedule = LinearRate()
    schedule.over = 50_000
    objective.schedule = schedule
  }

  public static var fields: [OptionField<Self>] {
    [
      .value("networks", \.networks, "residual (32, 64, 128 px) or plain (sizes that 8 divides)"),
      .value("generator-channels", \.generatorChannels, "base width of the generator", in: 1...1024),
      .value("discriminator-channels", \.discriminatorChannels, "base width of the critic", in: 1...1024),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("spectral-epsilon", \.spectralEpsilon, "smallest norm that power iteration divides by", in: 1e-12...10),
    ] + UpdateOptions.fields(\.updates)
  }

  public mutating func scaleLearningRates(by factor: Float) { updates.scaleLearningRates(by: factor) }

  public static var presets: [Preset<Self>] {
    var demo = SNGANOptions()
    (demo.generatorChannels, demo.discriminatorChannels) = (32, 32)
    demo.objective = Objective(Hinge(), criticSteps: 2)
    demo.updates.averageDecay = 0.995
    var large = SNGANOptions()
    (large.generatorChannels, large.discriminatorChannels) = (64, 64)
    large.objective = Objective(Hinge(), criticSteps: 5)
    var decay = LinearRate()
    (decay.after, decay.over) = (400_000, 50_000)
    large.objective.schedule = decay
    var plain = SNGANOptions()
    plain.networks = .plain
    (plain.generatorChannels, plain.discriminatorChannels) = (64, 64)
    plain.objective = Objective(NonSaturating(), criticSteps: 1)
    plain.updates = .adam(2e-4, beta1: 0.5, beta2: 0.999)
    return [
      Preset(
        name: "demo", summary: "small residual networks for the embedded 32 px sets; our own numbers", options: demo,
        run: RunDefaults(batch: 32, steps: 8000)),
      Preset(
        name: "cifar10", summary: "32 px as pfnet-research/sngan_projection, configs/sn_cifar10_unconditional.yml", options: SNGANOptions(),
        run: RunDefaults(batch: 64, steps: 50_000)),
      Preset(
        name: "imagenet128",
        summary: "128 px as the authors' code, gen_models/resnet.py and dis_models/snresnet.py, without classes; steps as appendix B.3",
        options: large, run: RunDefaults(batch: 256, steps: 450_000)),
      Preset(
        name: "cifar10-plain", summary: "32 px, plain CNN as the paper, table 3 and setting C of table 1: Adam 2e-4 (0.5, 0.999)",
        options: plain, run: RunDefaults(batch: 64, steps: 100_000)),
    ]
  }
}
