import Adversarial
import Kernels
import Layers
import Optimization
import Sharding
import Tensors
import TestSupport
import Testing
import Zoo

/// What models with classes and codes do beyond what all models do.
@Suite struct ClassModelTests {
  static let data = FirstStepTests.data

  static func recipe(_ model: String, _ settings: [(String, String)] = []) throws -> any Recipe {
    var configured = try Miniature.configured(zoo.entry(model))
    for (name, value) in settings { try configured.set(name, to: value) }
    let recipe = try configured.build(data)
    for network in recipe.networks { network.store.allocate(seed: 4) }
    return recipe
  }

  @Test func `rows of classes have a one, and between two classes the shares of both`() {
    let labels = Labels([2, 0], toward: [0, 0], shares: [0.25, 0.5])
    #expect(labels.oneHot(classes: 3).values == [0.25, 0, 0.75, 1, 0, 0])
    #expect(Labels([1]).oneHot(classes: 2).values == [0, 1])
  }

  @Test(arguments: ["acgan", "cgan", "infogan"]) func `another class is another image of the same z`(model: String) throws {
    let recipe = try Self.recipe(model)
    let latent = Tensor.normal([1, recipe.sampling.latentSize], key: RandomKey(seed: 3, purpose: 0, step: 0))
    let images = [Int32(0), 1].map { recipe.sample(SampleRequest(latent: latent, labels: Labels([$0]))).values }
    #expect(images[0] != images[1])
    #expect(recipe.sampling.classes == (model == "infogan" ? 10 : 5))
  }

  @Test func `infogan has a sheet for each code, in which only that code goes on along the rows`() throws {
    let recipe = try Self.recipe("infogan", [("numbers", "3")])
    #expect(recipe.sheets.map(\.name) == ["categories", "code-1", "code-2", "code-3"])
    #expect(recipe.sampling.latentSize == 62 + 3 && recipe.sampling.classNames?.first == "code 0")
    let categories = recipe.sheets[0]
    #expect(categories.cells.map(\.latent) == (0..<10).flatMap { _ in 0..<8 })
    #expect(categories.cells.map(\.label) == (0..<10).flatMap { row in [Int32](repeating: Int32(row), count: 8) })
    for (number, sheet) in recipe.sheets.dropFirst().enumerated() {
      let row = sheet.cells.prefix(8)
      #expect(Set(row.map(\.latent)).count == 1 && Set(row.map(\.label)).count == 1)
      #expect(row.map { $0.fixed[62 + number] }.first == -1 && row.map { $0.fixed[62 + number] }.last == 1)
    }
  }

  @Test func `a semigan without unlabelled images trains its classifier alone`() throws {
    let recipe = try Self.recipe("semigan", [("unlabelled", "false")])
    #expect(recipe.phases.map(\.name) == ["discriminator"] && recipe.streams == [DataStream("labelled", .perClass(2))])
    #expect(try Self.recipe("semigan").phases.map(\.name) == ["discriminator", "generator"])
  }

  @Test(arguments: ["4", "32"]) func `numbers keep their size on their way through semigan's classifier`(channels: String) throws {
    let classifier = try #require(try Self.recipe("semigan", [("discriminator-channels", channels)]) as? any Classifying)
    let images = Tensor.uniform([8, 32, 32, 3], from: -1, to: 1, key: RandomKey(seed: 3, purpose: 1, step: 0))
    let logits = classifier.classLogits(images).values
    // The mean over the last pixels takes some of it. Weights of deviation 0.05 leave less than a thousandth.
    let size = (logits.map { $0 * $0 }.reduce(0, +) / Float(logits.count)).squareRoot()
    #expect(size > 0.03 && size < 3, "logits of \(size)")
  }

  @Test func `classifiers give a logit for each class`() throws {
    for model in ["acgan", "semigan"] {
      let classifier = try #require(try Self.recipe(model) as? any Classifying)
      let images = Tensor.uniform([3, 32, 32, 3], from: -1, to: 1, key: RandomKey(seed: 3, purpose: 1, step: 0))
      let logits = classifier.classLogits(images)
      #expect(logits.shape == [3, 5] && Set(logits.values).count > 5)
      #expect(classifier.classLogits(images).values == logits.values, "inference draws nothing")
    }
  }

  @Test func `terms of classes are refused by name where they do not belong`() throws {
    func refusal(_ model: String, _ term: String) throws -> String {
      let error = #expect(throws: OptionError.self) { _ = try Self.recipe(model, [("term", term)]) }
      return error?.description ?? ""
    }
    #expect(try refusal("infogan", "auxiliary-class").contains("reads classes"))
    #expect(try refusal("semigan", "auxiliary-class").contains("takes none"))
    #expect(try refusal("acgan", "few-labels").contains("labelled images"))
    #expect(try refusal("dcgan", "mutual-information").contains("reads codes"))
  }
}
