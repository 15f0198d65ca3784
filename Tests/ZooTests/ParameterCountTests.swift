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
    #expect(refusal(128, [("nonsense", "1")])?.contains("--channels") == true)
    #expect(refusal(128, [("channels", "many")])?.contains("whole number") == true)
    #expect(refusal(128, [("beta1", "2")])?.contains("from 0") == true)
  }
}
