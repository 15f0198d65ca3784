import Adversarial
import Foundation
import Kernels
import Layers
import Sharding
import Tensors
import TestSupport
import Testing
import Zoo

/// What holds for all models of the catalogue.
@Suite struct CatalogueTests {
  static let models = zoo.entries.map(\.card.name)

  static func image(_ data: DataFormat, from model: any ConfiguredModel, count: Int = 3) throws -> Tensor {
    let recipe = try model.build(data)
    for network in recipe.networks { network.store.allocate(seed: 2) }
    let traits = recipe.sampling
    let latent = Tensor.normal([count, traits.latentSize], key: RandomKey(seed: 3, purpose: 0, step: 0))
    let labels = traits.classes.map { classes in Labels((0..<count).map { Int32($0 % classes) }) }
    return recipe.sample(SampleRequest(latent: latent, labels: labels))
  }

  @Test(arguments: models, [1, 3]) func `samples are images in range, for gray and coloured data`(name: String, channels: Int) throws {
    let entry = try zoo.entry(name)
    let data = DataFormat(height: 32, width: 32, channels: channels, classes: 4)
    let images = try Self.image(data, from: Miniature.configured(entry))
    #expect(images.shape == [3, 32, 32, channels])
    #expect(images.values.allSatisfy { (-1...1).contains($0) })
    #expect(Set(images.values).count > 100, "an image of nothing")
  }

  /// Networks of other sizes are built and sampled, or the size is refused by name.
  @Test(arguments: models) func `every size is taken or refused by name`(name: String) throws {
    let entry = try zoo.entry(name)
    var taken: [String] = []
    for (height, width) in [(8, 8), (16, 16), (20, 20), (28, 28), (32, 32), (32, 48), (48, 48), (64, 64), (96, 96), (112, 112), (128, 128)]
    {
      let data = DataFormat(height: height, width: width, channels: 3, classes: 4)
      do {
        let recipe = try Miniature.configured(entry).build(data)
        taken.append("\(height)x\(width)")
        #expect(recipe.networks.allSatisfy { $0.store.parameterCount > 0 })
        if height > 48 { continue }
        let images = try Self.image(data, from: Miniature.configured(entry))
        #expect(images.shape == [3, height, width, 3])
      } catch let error as ModelError {
        // The size, or the option that does not go with it.
        let isNamed = error.description.contains("images of \(height)") || error.description.contains("--")
        #expect(error.description.hasPrefix("\(name): ") && isNamed, "\(height)x\(width): \(error)")
      }
    }
    #expect(taken.contains("32x32"), "the embedded sets are refused")
    print("\(name) takes \(taken.joined(separator: ", "))")
  }

  @Test(arguments: models) func `data without labels are taken or refused by name`(name: String) throws {
    let data = DataFormat(height: 32, width: 32, channels: 3, classes: nil)
    do {
      let images = try Self.image(data, from: Miniature.configured(zoo.entry(name)))
      #expect(images.shape == [3, 32, 32, 3])
    } catch let error as ModelError {
      #expect(error.description.hasPrefix("\(name): ") && error.description.contains("label"), "\(error)")
    }
  }

  @Test(arguments: models) func `cards are whole, and every preset says whence its numbers come`(name: String) throws {
    let entry = try zoo.entry(name)
    let card = entry.card
    #expect([card.paper, card.authors, card.summary].allSatisfy { $0.count > 5 } && card.link.hasPrefix("https://"))
    #expect(Int(card.authors.suffix(4)) != nil, "no year: \(card.authors)")
    for (preset, summary) in entry.presets {
      #expect(["our own", "as ", "paper", "code", "form"].contains { summary.contains($0) }, "\(name) \(preset): \(summary)")
      let model = try entry.configured(preset: preset)
      #expect(model.run.batch > 0 && model.run.steps > 0)
    }
  }

  // In a process of its own, since other tests use the pool beside this one.
  @Test func `after three steps no model asks the system for memory`() async {
    await #expect(processExitsWith: .success) {
      for entry in zoo.entries {
        let model = try Miniature.configured(entry)
        let bench = Bench(try model.build(FirstStepTests.data), batch: 8, data: FirstStepTests.data)
        _ = bench.run(steps: 3)
        let before = StoragePool.shared.statistics.misses
        _ = bench.run(steps: 3)
        let misses = StoragePool.shared.statistics.misses - before
        precondition(misses == 0 && before > 0, "\(entry.card.name): \(misses) misses in three steps")
      }
    }
  }
}
