public import Adversarial

extension BigGANOptions {
  public static var presets: [Preset<Self>] {
    [
      Preset(
        name: "demo", summary: "a small BigGAN for the embedded 32 px sets: visible samples in minutes on two cores; our own numbers",
        options: demo, run: RunDefaults(batch: 64, steps: 2400)),
      Preset(
        name: "cifar10",
        summary: "32 px as ajbrock/BigGAN-PyTorch, scripts/launch_cifar_ema.sh: ch 64, batch 50, 4 critic updates, no attention",
        options: cifar, run: RunDefaults(batch: 50, steps: 125_000)),
      Preset(
        name: "cifar100", summary: "as cifar10, the script that ajbrock/BigGAN-PyTorch has for both sets",
        options: cifar, run: RunDefaults(batch: 50, steps: 125_000)),
      Preset(
        name: "stl10", summary: "64 px, as imagenet64 with half its width and a batch for 5,000 to 100,000 images: our own numbers",
        options: stl10, run: RunDefaults(batch: 64, steps: 100_000)),
      Preset(
        name: "imagenet64",
        summary: "64 px as StudioGAN, configs/Tiny_ImageNet/BigGAN.yaml: ch 80, batch 1024, attention at 32, TTUR",
        options: imagenet64, run: RunDefaults(batch: 1024, steps: 100_000)),
      Preset(
        name: "imagenet128",
        summary: "128 px as the paper, section 3 and appendix C: ch 96, batch 2048, 2 critic updates, TTUR, orthogonal regularization",
        options: BigGANOptions(), run: RunDefaults(batch: 2048, steps: 200_000)),
      Preset(
        name: "imagenet256", summary: "256 px as the paper, appendix B: as imagenet128 with z of 140, a chunk of 20 for each block",
        options: imagenet256, run: RunDefaults(batch: 2048, steps: 200_000)),
    ]
  }

  private static var demo: BigGANOptions {
    var options = BigGANOptions()
    options.channels = 16
    options.latent = 80
    options.sharedEmbedding = 32
    options.attention = 16
    options.common = .demo
    options.objective = Objective(Hinge(), criticSteps: 1)
    return options
  }

  private static var cifar: BigGANOptions {
    var options = BigGANOptions()
    options.channels = 64
    options.latent = 128
    options.hierarchical = false
    options.sharedEmbedding = 0
    options.attention = 0
    options.common.generatorLearningRate = 2e-4
    options.common.averageStart = 1000
    options.objective = Objective(Hinge(), criticSteps: 4)
    options.common.initializer = .normal
    options.common.spectralEpsilon = 1e-8
    options.common.batchNormEpsilon = 1e-5
    return options
  }

  private static var imagenet64: BigGANOptions {
    var options = BigGANOptions()
    options.channels = 80
    options.latent = 100
    options.attention = 32
    options.common.generatorLearningRate = 1e-4
    options.common.discriminatorLearningRate = 4e-4
    options.common.averageStart = 20_000
    options.objective = Objective(Hinge(), criticSteps: 1)
    options.common.spectralEpsilon = 1e-6
    return options
  }

  private static var stl10: BigGANOptions {
    var options = imagenet64
    options.channels = 40
    options.common.averageStart = 1000
    return options
  }

  private static var imagenet256: BigGANOptions {
    var options = BigGANOptions()
    options.latent = 140
    return options
  }
}
