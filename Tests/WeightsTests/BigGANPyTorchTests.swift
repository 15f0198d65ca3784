import Adversarial
import Kernels
import Layers
import Tensors
import Testing
import Training
import Zoo

@testable import Weights

@Suite struct BigGANPyTorchTests {
  static func recipe(_ generator: BigGANPyTorch) throws -> any Recipe {
    var model = try zoo.entry("biggan").configured()
    for option in generator.options { try model.set(option.name, to: option.value) }
    let format = DataFormat(height: generator.size, width: generator.size, channels: 3, classes: generator.classes)
    let recipe = try model.build(format)
    for network in recipe.networks { network.store.allocate(seed: 1) }
    return recipe
  }

  /// 1e-5: single precision in some thirty layers, in another order of additions, of numbers about 1.
  @Test(arguments: ["shared", "tables"]) func `PyTorch and this program draw the same images from the same z`(name: String) throws {
    let generator = try BigGANPyTorch(try TorchFile(contentsOf: Golden.path("\(name).pth")).arrays, path: name)
    let recipe = try Self.recipe(generator)
    #expect(try recipe.networks[0].load(generator.arrays, path: name))
    #expect(try !recipe.networks[1].load(generator.arrays, path: name))
    let golden = try Safetensors(contentsOf: Golden.path("\(name).safetensors")).arrays
    let z = try #require(golden.first { $0.name == "z" })
    let labels = try #require(golden.first { $0.name == "labels" }).values.map { Int32($0) }
    let expected = try #require(golden.first { $0.name == "images" }).transposed([0, 2, 3, 1])
    let images = recipe.sample(SampleRequest(latent: Tensor(z.values, shape: z.shape), labels: Labels(labels)))
    #expect(images.shape == expected.shape)
    let differences = zip(images.values, expected.values).map { abs($0 - $1) }
    let largest = try #require(differences.max())
    #expect(largest < 1e-5, "largest difference \(largest) at \(differences.firstIndex(of: largest) ?? -1)")
    // The images are worth comparing: neither flat nor saturated.
    #expect(expected.values.filter { abs($0) < 0.99 }.count > expected.values.count / 4)
    #expect((expected.values.max() ?? 0) - (expected.values.min() ?? 0) > 0.5)
  }

  @Test func `options are read off the shapes`() throws {
    func options(_ name: String) throws -> ([String: String], Int, Int) {
      let generator = try BigGANPyTorch(try TorchFile(contentsOf: Golden.path(name)).arrays, path: name)
      return (Dictionary(uniqueKeysWithValues: generator.options.map { ($0.name, $0.value) }), generator.size, generator.classes)
    }
    let (shared, size, classes) = try options("shared.pth")
    #expect((size, classes) == (32, 3))
    #expect(shared["channels"] == "2" && shared["latent"] == "8" && shared["hierarchical"] == "true")
    #expect(shared["shared-embedding"] == "4" && shared["attention"] == "16")
    let (tables, larger, others) = try options("tables.pth")
    #expect((larger, others) == (64, 4))
    #expect(tables["channels"] == "1" && tables["latent"] == "5" && tables["hierarchical"] == "false")
    #expect(tables["shared-embedding"] == "0" && tables["attention"] == "0")
  }

  @Test func `moments of the other kinds of its batch norm are found`() throws {
    let arrays = try TorchFile(contentsOf: Golden.path("shared.pth")).arrays
    let plain = try BigGANPyTorch(arrays, path: "x").arrays
    for (mean, variance) in [("bn.stored_mean", "bn.stored_var"), ("bn.running_mean", "bn.running_var")] {
      let other = arrays.map { array in
        array.name.hasSuffix("stored_mean")
          ? array.renamed(array.name.dropLast(11) + mean)
          : array.name.hasSuffix("stored_var") ? array.renamed(array.name.dropLast(10) + variance) : array
      }
      #expect(try BigGANPyTorch(other, path: "x").arrays == plain)
    }
  }

  @Test func `what is missing or does not fit is named`() throws {
    let arrays = try TorchFile(contentsOf: Golden.path("shared.pth")).arrays
    func refusal(_ change: (WeightArray) -> WeightArray?) throws -> String {
      do {
        let generator = try BigGANPyTorch(arrays.compactMap(change), path: "g.pth")
        return try Self.recipe(generator).networks[0].load(generator.arrays, path: "g.pth") ? "nothing was refused" : "nothing loaded"
      } catch let error as WeightError {
        return error.description
      }
    }
    #expect(try refusal { $0.name == "blocks.1.0.conv1.u0" ? nil : $0 }.contains("no array blocks.1.0.conv1.u0"))
    #expect(try refusal { $0.name == "blocks.1.1.o.weight" ? nil : $0 }.contains("no array blocks.1.1.o.weight"))
    #expect(try refusal { $0.name.hasPrefix("blocks.2") ? nil : $0 }.contains("2 blocks"))
    #expect(
      try refusal {
        $0.name == "blocks.2.0.bn2.stored_var" ? WeightArray(name: $0.name, shape: [3], values: [1, 1, 1]) : $0
      }.contains("generator.blocks.2.norm2.variance has the shape [3], the network has [8]"))
    #expect(
      try refusal {
        $0.name == "output_layer.0.gain" ? WeightArray(name: $0.name, shape: [8], values: [1, 1, .nan, 1, 1, 1, 1, 1]) : $0
      }.contains("generator.norm.gain is nan at element 2"))
    #expect(
      try refusal {
        $0.name == "linear.u0" ? WeightArray(name: $0.name, shape: [1, 2], values: [1, 1]) : $0
      }.contains("linear.u0 has the shape [1, 2]"))
  }
}
