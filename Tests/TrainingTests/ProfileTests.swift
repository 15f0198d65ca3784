import Adversarial
import Communication
import Datasets
import Kernels
import Layers
import Tensors
import Testing

@testable import Training

@Suite struct ProfileTests {
  /// A critic of one convolution and one dense layer on drawn images, and the profile of its loss and gradient.
  static func profile() -> (Profile, seconds: Double) {
    let store = ParameterStore(name: "critic")
    let convolution = Convolution2D(Scope(store)["first"], from: 2, to: 3, kernel: 3)
    let norm = BatchNorm(Scope(store)["norm"], channels: 3)
    let dense = Dense(Scope(store)["last"], from: 5 * 6 * 3, to: 1)
    store.allocate(seed: 1)
    let images = Tensor.uniform([4, 5, 6, 2], from: -1, to: 1, key: RandomKey(seed: 1, purpose: 2, step: 3))
    let profile = Profile()
    let start = ContinuousClock.now
    profile.profiling {
      _ = store.gradient { dense(norm(convolution(images, .training), .training).reshaped([4, -1]), .training).squared().mean() }
    }
    return (profile, start.duration(to: .now) / .seconds(1))
  }

  @Test func `work of the gradient is named after the layer it is of`() {
    let layers = Self.profile().0.layers
    func entries(_ path: String, _ name: String) -> [Profile.Entry] { layers.filter { $0.path == path && $0.name == name } }
    #expect(entries("critic.first", "convolution").count == 1)
    let gradient = entries("critic.first", "convolution weight gradient")
    #expect(gradient.count == 1 && gradient.first?.inputs == [[4, 5, 6, 2], [4, 5, 6, 3]] && gradient.first?.output == [3, 3, 2, 3])
    // Forward, and the gradient of what the layer was given.
    #expect(Set(entries("critic.last", "row product").map(\.output)) == [[4, 1], [4, 90]])
    #expect(entries("critic.last", "outer product").count == 1)
    #expect(!layers.contains { $0.path.isEmpty && $0.name.hasPrefix("convolution") })
    // The images are constant: no gradient of theirs is computed.
    #expect(!layers.contains { $0.name == "convolution input gradient" })
    // Standardisation's sums run inside it, and are still those of the layer.
    #expect(layers.contains { $0.path == "critic.norm" && $0.name == "standardize gradient" })
  }

  @Test func `operations of products are counted as the sums are defined, those of other primitives are not`() {
    let entries = Self.profile().0.entries
    func flops(_ name: String) -> Double? { entries.first { $0.name == name }?.productFlops }
    #expect(flops("convolution") == 2.0 * 4 * 30 * 3 * 18 && flops("convolution weight gradient") == flops("convolution"))
    #expect(flops("outer product") == 2.0 * 4 * 90)
    #expect(entries.filter { $0.productFlops > 0 }.allSatisfy { $0.name.contains("convolution") || $0.name.contains("product") })
  }

  @Test func `times are parts of the wall time, and a change of shape takes none`() {
    let (profile, seconds) = Self.profile()
    #expect(profile.entries.allSatisfy { $0.seconds > 0 && $0.calls > 0 && $0.name != "reshape" })
    #expect(profile.entries.reduce(0) { $0 + $1.seconds } <= seconds)
    #expect(abs(profile.entries.reduce(0) { $0 + $1.seconds } - profile.layers.reduce(0) { $0 + $1.seconds }) < 1e-9)
    #expect(profile.entries.map(\.seconds) == profile.entries.map(\.seconds).sorted(by: >))
  }

  @Test func `a benchmark counts images and operations of real steps and leaves the model's bits alone`() throws {
    let model = try ModelEntry(TinyModel.self).configured()
    var options = RunOptions(model.run)
    options.steps = 5
    let images = RandomImages(DrawnImages().format, count: 20, classes: nil)
    let benchmark = try StepBenchmark(model, options: options, source: images, communicator: SingleProcess(), warmUp: 1, steps: 2)
    #expect(
      benchmark.seconds.count == 2 && benchmark.profiledSeconds.count == 2 && (benchmark.seconds + benchmark.profiledSeconds).min()! > 0)
    // Two critic updates of six images; at least the products forward.
    #expect(benchmark.imagesPerStep == 12 && benchmark.productFlops > 2.0 * 6 * 48 * 3 && benchmark.peakRate > 1e8)
    #expect(benchmark.residentBytes.count == 1 && benchmark.residentBytes[0] > 1 << 20 && benchmark.poolPeakBytes > 0)
    #expect(benchmark.waiting == Waits.Parts())

    func trainer() throws -> Trainer { try Trainer(model, options: options, source: images, communicator: SingleProcess()) }
    let (plain, profiled) = (try trainer(), try trainer())
    for _ in 0..<3 {
      _ = try plain.performStep()
      _ = try Profile().profiling { try profiled.performStep() }
    }
    #expect(plain.recipe.stateHash() == profiled.recipe.stateHash())
  }

  @Test func `random images are the same each time, unlike each other, and of every class`() throws {
    let images = RandomImages(DrawnImages().format, count: 3, classes: 5)
    #expect(images.count == 5 && images.labels == [0, 1, 2, 3, 4] && images.classCount == 5)
    let (first, second) = (try images.image(0), try images.image(1))
    #expect(try first == images.image(0) && first != second && Set(first).count > 8)
  }
}
