import Adversarial
import Layers
import Testing
import Training
import Weights
import Zoo

@Suite struct DrawingTests {
  static let format = DataFormat(height: 32, width: 32, channels: 3, classes: 3)

  static func recipe(_ settings: [(String, String)] = [], seed: UInt64 = 1) throws -> any Recipe {
    var model = try zoo.entry("biggan").configured(preset: "demo")
    for (name, value) in [("channels", "2"), ("latent", "8"), ("shared-embedding", "4")] + settings { try model.set(name, to: value) }
    let recipe = try model.build(format)
    for network in recipe.networks { network.store.allocate(seed: seed) }
    return recipe
  }

  static func drawing(_ recipe: any Recipe, passes: Int = 1) -> Drawing {
    Sampler(recipe, format: format, seed: 3, batch: 4).drawing(standingPasses: passes)
  }

  @Test func `an image is the same alone and among others`() throws {
    let recipe = try Self.recipe()
    let orders = (0..<7).map { ImageOrder(latent: $0, label: Int32($0 % 3), truncation: $0 % 2 == 0 ? nil : 0.5) }
    let all = Self.drawing(recipe).images(orders)
    let alone = Self.drawing(recipe)
    #expect(orders.reversed().map { alone.images([$0]) }.reversed().flatMap(\.self) == all)
  }

  @Test func `images of a sweep are those of each limit by itself`() throws {
    let recipe = try Self.recipe()
    let sampler = Sampler(recipe, format: Self.format, seed: 3, batch: 4)
    let limits: [Float] = [0.2, 0.8, 5]
    let sweep = Self.drawing(recipe, passes: 2).images(limits.map { ImageOrder(latent: 0, label: 1, truncation: $0) })
    let single = limits.flatMap { sampler.images(labels: [1], truncation: $0, standingPasses: 2) }
    #expect(sweep == single)
    #expect(Set(stride(from: 0, to: sweep.count, by: sweep.count / 3).map { sweep[$0] }).count == 3)
  }

  /// Forms of class conditioning: a shared embedding, and tables in every norm.
  @Test(arguments: [[], [("shared-embedding", "0"), ("hierarchical", "false")]])
  func `a row ends at the images it goes between`(settings: [(String, String)]) throws {
    let drawing = Self.drawing(try Self.recipe(settings))
    func row(_ latent: Int, _ label: Int32) -> [[Float]] {
      [Float(0), 0.5, 1].map { drawing.images([ImageOrder(latent: 0, label: 0, end: .init(latent: latent, label: label, share: $0))]) }
    }
    func plain(_ latent: Int, _ label: Int32) -> [Float] { drawing.images([ImageOrder(latent: latent, label: label)]) }
    for (latent, label): (Int, Int32) in [(5, 0), (0, 2), (5, 2)] {
      let images = row(latent, label)
      #expect(images[0] == plain(0, 0))
      #expect(images[2] == plain(latent, label))
      #expect(images[1] != images[0] && images[1] != images[2])
    }
  }

  @Test func `attention is noted by layer and image, as shares that add up to 1`() throws {
    let recipe = try Self.recipe([("attention", "16")])
    let drawing = Self.drawing(recipe)
    let orders = [ImageOrder(latent: 0, label: 0), ImageOrder(latent: 1, label: 2)]
    let (images, records) = drawing.attention(orders)
    #expect(images == drawing.images(orders))
    #expect(records.map(\.layer) == ["generator.attention", "generator.attention"])
    #expect(records.allSatisfy { $0.counts.queries == 256 && $0.counts.keys == 64 })
    let shares = records.map { $0.shares(ofQuery: 37) }
    for row in shares { #expect(row.count == 64 && abs(row.reduce(0, +) - 1) < 1e-5 && row.allSatisfy { $0 >= 0 }) }
    #expect(shares[0] != shares[1] && shares[0] != records[0].shares(ofQuery: 200))
    #expect(Self.drawing(try Self.recipe([("attention", "0")])).attention(orders).layers.isEmpty)
  }

  @Test(arguments: ArrayLayout.allCases) func `weights of one model make another draw the same images`(layout: ArrayLayout) throws {
    let (first, second) = (try Self.recipe(seed: 1), try Self.recipe(seed: 2))
    let orders = [ImageOrder(latent: 4, label: 1)]
    #expect(Self.drawing(first).images(orders) != Self.drawing(second).images(orders))
    for (old, new) in zip(first.networks, second.networks) {
      let arrays = old.weights(averaged: true, layout: layout)
      #expect(try new.load(arrays, layout: layout, path: "x"))
      #expect(new.weights(averaged: true, layout: layout) == arrays)
      #expect(new.weights(averaged: false, layout: layout) == arrays)
    }
    #expect(Self.drawing(first, passes: 0).images(orders) == Self.drawing(second, passes: 0).images(orders))
    #expect(first.parameterHash() == second.parameterHash())
  }

  @Test func `weights that do not fit are refused by name`() throws {
    let network = try Self.recipe().networks[0]
    let arrays = network.weights(averaged: false)
    func refusal(_ arrays: [WeightArray]) -> String {
      do { return try network.load(arrays, path: "x") ? "loaded" : "not its own" } catch { return "\(error)" }
    }
    #expect(refusal(arrays) == "loaded")
    #expect(refusal(arrays.map { $0.renamed("other.\($0.name)") }) == "not its own")
    #expect(refusal(Array(arrays.dropFirst())).contains("no array \(arrays[0].name)"))
    #expect(refusal(arrays + [arrays[0].renamed("generator.more")]).contains("generator.more is no array"))
    #expect(refusal([arrays[0].reshaped([arrays[0].values.count])] + arrays.dropFirst()).contains("has the shape"))
    let infinite = WeightArray(name: arrays[0].name, shape: arrays[0].shape, values: arrays[0].values.map { _ in .infinity })
    #expect(refusal([infinite] + arrays.dropFirst()).contains("is inf at element 0"))
  }
}
