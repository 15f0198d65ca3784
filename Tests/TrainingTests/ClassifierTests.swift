import Adversarial
import Datasets
import Layers
import Optimization
import Tensors
import Testing
import Training

@Suite struct ClassifierTests {
  /// Takes an image for the class that its first pixel's value times a learned factor points to.
  final class Threshold: Classifying {
    let networks: [Network]
    let phases: [Phase] = []
    let sampling = SamplingTraits(latentSize: 1, classes: nil, canTruncate: true)
    private let factor: Parameter

    init() {
      let store = ParameterStore(name: "threshold")
      factor = Scope(store).parameter("factor", [1], .ones)
      networks = [
        Network(store: store, optimizer: GradientDescent(store, learningRate: 0), average: WeightAverage(store, decay: 0.5, start: 0))
      ]
      store.allocate(seed: 1)
    }

    func sample(_ request: SampleRequest) -> Tensor { request.latent }
    func classLogits(_ images: Tensor) -> Tensor {
      let first = images.reshaped([images.shape[0], -1]).slice(axis: 1, 0..<1) * factor.tensor
      return concatenated([-first, first], axis: 1)
    }
  }

  /// One-pixel images, white for class 1 and black for class 0; the last one is labelled wrong.
  struct Pixels: ImageSource {
    let name = "pixels"
    var format = ImageFormat(channels: 1, height: 1, width: 1)
    let count = 131
    var labels: [Int32]? = (0..<131).map { $0 == 130 ? 1 : Int32($0 % 2) }
    let classNames: [String]? = ["black", "white"]
    let fingerprint: UInt64 = 1
    func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
      for place in buffer.indices { unsafe buffer[place] = index % 2 == 1 ? 255 : 0 }
    }
  }

  static let format = DataFormat(height: 1, width: 1, channels: 1, classes: 2)

  @Test func `images are counted by class, and those whose largest logit is their class`() throws {
    let tallies = try Classifier(Threshold(), format: Self.format).tallies(Pixels())
    #expect(tallies.map(\.count) == [65, 66] && tallies.map(\.right) == [65, 65])
  }

  @Test func `averages are what classifies`() throws {
    let model = Threshold()
    // The trained factor turns all around; the average does not know it yet.
    if let memory = model.networks[0].store.values { unsafe memory.pointer[0] = -1 }
    #expect(try Classifier(model, format: Self.format).tallies(Pixels()).map(\.right) == [65, 65])
  }

  @Test func `other sizes, missing labels and more classes are refused`() {
    var large = Pixels()
    large.format = ImageFormat(channels: 1, height: 2, width: 1)
    var unlabelled = Pixels()
    unlabelled.labels = nil
    for source in [large, unlabelled] {
      let error = #expect(throws: RunError.self) { _ = try Classifier(Threshold(), format: Self.format).tallies(source) }
      #expect(error?.code == .mismatch)
    }
    let few = DataFormat(height: 1, width: 1, channels: 1, classes: 1)
    #expect(throws: RunError.self) { _ = try Classifier(Threshold(), format: few).tallies(Pixels()) }
  }
}
