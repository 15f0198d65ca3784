import Adversarial
import Layers
import Testing
import Zoo

@Suite struct ParameterCountTests {
  func counts(_ model: String, _ preset: String, _ data: DataFormat) throws -> [String: Int] {
    let recipe = try zoo.entry(model).configured(preset: preset).build(data)
    return Dictionary(uniqueKeysWithValues: recipe.networks.map { ($0.store.name, $0.store.parameterCount) })
  }

  /// Counts that ajbrock/BigGAN-PyTorch prints; the generator's is also compare_gan's.
  @Test func `biggan at 128 px has the published number of parameters`() throws {
    let found = try counts("biggan", "imagenet128", DataFormat(height: 128, width: 128, channels: 3, classes: 1000))
    #expect(found == ["generator": 70_433_988, "discriminator": 87_982_370])
  }

  @Test func `biggan for CIFAR-10 has the number of parameters of the authors' code`() throws {
    let found = try counts("biggan", "cifar10", DataFormat(height: 32, width: 32, channels: 3, classes: 10))
    #expect(found == ["generator": 4_304_387, "discriminator": 4_207_361])
  }

  /// google/compare_gan, resnet_biggan_deep_test.py.
  @Test func `biggan-deep at 128 px has the published number of parameters`() throws {
    let found = try counts("biggan-deep", "imagenet128", DataFormat(height: 128, width: 128, channels: 3, classes: 1000))
    #expect(found == ["generator": 50_244_484, "discriminator": 34_590_210])
  }

  /// Table 9 of Huang et al. 2024 (https://arxiv.org/abs/2501.05441), in units of 10,000: stacked MNIST, CIFAR-10, FFHQ at 256 and at 64 px,
  /// ImageNet at 32 and at 64 px, with its channels and groups.
  @Test(
    arguments: [
      (32, nil, [:], 2073, 2068), (32, 10, [:], 2078, 2128), (256, nil, [:], 2306, 2301), (64, nil, [:], 2243, 2238),
      (32, 1000, ["channels": "1536", "group": "32"], 8291, 8655),
      (64, 1000, ["channels": "1536", "group": "32", "full-size": "64"], 10357, 10721),
    ] as [(Int, Int?, [String: String], Int, Int)])
  func `r3gan has the published number of parameters`(
    size: Int, classes: Int?, settings: [String: String], generator: Int, discriminator: Int
  ) throws {
    var model = try zoo.entry("r3gan").configured(preset: size == 256 ? "ffhq256" : "cifar10")
    for (name, value) in settings { try model.set(name, to: value) }
    let recipe = try model.build(DataFormat(height: size, width: size, channels: 3, classes: classes))
    let found = recipe.networks.map { Int((Double($0.store.parameterCount) / 10_000).rounded()) }
    #expect(found == [generator, discriminator])
  }

  /// The networks of PyTorch's DCGAN tutorial have 3,576,704 and 2,765,568 and no bias; ours have one where no batch norm follows: on the
  /// generator's three channels, the critic's first 64, and its logit.
  @Test func `dcgan at 64 px has the parameters of the common tutorial`() throws {
    let found = try counts("dcgan", "tutorial", DataFormat(height: 64, width: 64, channels: 3, classes: nil))
    #expect(found == ["generator": 3_576_704 + 3, "discriminator": 2_765_568 + 64 + 1])
  }

  /// Layer by layer as brain-research/self-attention-gan, generator_test and discriminator_test, which state no sum.
  @Test func `sagan at 128 px has the parameters of the authors' layers`() throws {
    func convolution(_ kernel: Int, _ inputs: Int, _ outputs: Int) -> Int { kernel * kernel * inputs * outputs + outputs }
    func attention(_ channels: Int) -> Int { 2 * channels * channels / 8 + 2 * channels * channels / 2 + 1 }
    let widths = [1024, 1024, 512, 256, 128, 64]
    var generator = 128 * 16 * 1024 + 16 * 1024 + attention(256) + 2 * 64 + convolution(3, 64, 3)
    for (inputs, outputs) in zip(widths, widths.dropFirst()) {
      generator += 2 * 1000 * (inputs + outputs)
      generator += convolution(3, inputs, outputs) + convolution(3, outputs, outputs) + convolution(1, inputs, outputs)
    }
    let critic = [3, 64, 128, 256, 512, 1024, 1024]
    var discriminator = attention(128) + 1024 + 1 + 1000 * 1024
    for (inputs, outputs) in zip(critic, critic.dropFirst()) {
      discriminator += convolution(3, inputs, outputs) + convolution(3, outputs, outputs)
      if inputs != outputs { discriminator += convolution(1, inputs, outputs) }
    }
    let found = try counts("sagan", "imagenet128", DataFormat(height: 128, width: 128, channels: 3, classes: 1000))
    #expect(found == ["generator": generator, "discriminator": discriminator])
  }

  @Test(arguments: [32, 64, 128, 256], 1...4) func `sagan and biggan-deep take every size and channel count`(
    size: Int, channels: Int
  ) throws {
    for classes in [nil, 7] {
      for (model, form) in [("biggan-deep", nil), ("sagan", "residual"), ("sagan", size < 256 ? "strided" : "residual")] {
        var configured = try zoo.entry(model).configured()
        try configured.set("attention", to: "16")
        if let form { try configured.set("form", to: form) }
        let recipe = try configured.build(DataFormat(height: size, width: size, channels: channels, classes: classes))
        for network in recipe.networks { #expect(network.store.parameterCount > 0) }
      }
    }
  }

  @Test(arguments: zoo.entries.flatMap { entry in entry.presets.map { (entry.card.name, $0.name) } })
  func `every preset builds at the size that its name states`(model: String, preset: String) throws {
    let found = try counts(model, preset, DataFormat(height: size(preset), width: size(preset), channels: 3, classes: 10))
    #expect(found.keys.sorted() == ["discriminator", "generator"])
  }

  /// Image size of a preset, from its name.
  func size(_ preset: String) -> Int {
    let sizes = ["128": 128, "256": 256, "64": 64, "stl10": 64, "112": 112, "tutorial": 64, "paper": 64, "mnist": 28]
    return sizes.first { preset.hasSuffix($0.key) }?.value ?? 32
  }

  @Test(arguments: [32, 64, 128, 256], 1...4) func `biggan takes every size and channel count`(size: Int, channels: Int) throws {
    for classes in [nil, 7] {
      var model = try zoo.entry("biggan").configured()
      try model.set("attention", to: "16")
      try model.set("latent", to: "\(20 * 12 * 7)")
      let recipe = try model.build(DataFormat(height: size, width: size, channels: channels, classes: classes))
      for network in recipe.networks { #expect(network.store.parameterCount > 0) }
    }
  }

  @Test func `sizes, chunks and attention that do not fit are refused by name`() throws {
    func refusal(_ size: Int, _ settings: [(String, String)]) -> String? {
      do {
        var model = try zoo.entry("biggan").configured(preset: "imagenet128")
        for (name, value) in settings { try model.set(name, to: value) }
        _ = try model.build(DataFormat(height: size, width: size, channels: 3, classes: 10))
        return nil
      } catch { return "\(error)" }
    }
    #expect(refusal(128, []) == nil)
    #expect(refusal(96, [])?.contains("96") == true)
    #expect(refusal(128, [("latent", "121")])?.contains("multiple of 6") == true)
    #expect(refusal(128, [("attention", "48")])?.contains("--attention 48") == true)
    #expect(refusal(32, [("latent", "80"), ("attention", "64")])?.contains("at least 128") == true)
    for model in ["sagan", "biggan-deep"] {
      let found = #expect(throws: ModelError.self) {
        try counts(model, "demo", DataFormat(height: 96, width: 96, channels: 3, classes: 10))
      }
      #expect(found?.description.hasPrefix("\(model): ") == true)
    }
    #expect(refusal(128, [("channels", "1")])?.contains("raise --channels") == true)
    #expect(refusal(128, [("nonsense", "1")])?.contains("--channels") == true)
    #expect(refusal(128, [("channels", "many")])?.contains("whole number") == true)
    #expect(refusal(128, [("beta1", "2")])?.contains("from 0") == true)
  }
}
