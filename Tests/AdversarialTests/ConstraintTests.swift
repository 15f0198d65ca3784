import Layers
import Optimization
import Tensors
import TestSupport
import Testing

@testable import Adversarial

@Suite struct ConstraintTests {
  /// A network of two parameters whose gradient is given numbers.
  struct Small {
    let network: Network
    private let parameters: [Parameter]

    init(_ constraint: any Constraint) {
      let store = ParameterStore(name: "net")
      parameters = [
        Scope(store).parameter("a", [5000], .normal(deviation: 1)), Scope(store).parameter("b", [3], .normal(deviation: 1)),
      ]
      network = Network(store: store, optimizer: GradientDescent(store, learningRate: 1))
      store.allocate(seed: 2)
      network.constraints = [constraint]
    }

    var numbers: [Float] { parameters.flatMap { $0.tensor.values } }

    /// The change of all parameters by one update.
    func step(_ gradient: [Float]) -> [Float] {
      let before = numbers
      _ = network.store.gradient {
        (parameters[0].tensor * Tensor(Array(gradient[..<5000]), shape: [5000])).sum()
          + (parameters[1].tensor * Tensor(Array(gradient[5000...]), shape: [3])).sum()
      }
      network.update(step: 0)
      return zip(before, numbers).map { $0 - $1 }
    }
  }

  @Test func `a long gradient is shortened to the norm, a short one stays`() {
    var clipping = GradientClipping()
    clipping.norm = 0.5
    let gradient = Samples.normal([5003]).values
    let length = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    for (found, g) in zip(Small(clipping).step(gradient), gradient) { #expect(abs(Double(found) - Double(g) * 0.5 / length) < 1e-6) }
    clipping.norm = Float(length) * 1.01
    for (found, g) in zip(Small(clipping).step(gradient), gradient) { #expect(abs(found - g) < 1e-6) }
  }

  @Test func `parameters are clipped after each update`() {
    var clipping = WeightClipping()
    clipping.bound = 0.25
    let small = Small(clipping)
    let before = small.numbers
    let gradient = Samples.normal([5003], 4).values
    _ = small.step(gradient)
    for (found, (x, g)) in zip(small.numbers, zip(before, gradient)) {
      #expect(found == min(max(x - g, -0.25), 0.25))
    }
  }

  @Test func `a network under weight norm starts as it would without, and its weights have learned lengths`() throws {
    func output(_ rule: WeightRule, _ change: (ParameterStore) -> Void = { _ in }) -> ([Float], ParameterStore) {
      let store = ParameterStore(name: "net", weights: rule)
      let convolution = Convolution2D(Scope(store)["convolution"], from: 2, to: 4, kernel: 3)
      let transpose = TransposeConvolution2D(Scope(store)["transpose"], from: 4, to: 3, kernel: 4, stride: 2, padding: .all(1))
      let dense = Dense(Scope(store)["dense"], from: 192, to: 2)
      let embedding = Embedding(Scope(store)["embedding"], classes: 2, width: 2, spectral: .init())
      store.allocate(seed: 1)
      change(store)
      let x = transpose(convolution(Samples.normal([2, 4, 4, 2]), .inference), .inference).reshaped([2, 192])
      return ((dense(x, .inference) + embedding(Labels([1, 0]), .inference)).values, store)
    }
    let (plain, _) = output(.plain)
    let (normalized, store) = output(.normalized)
    for (a, b) in zip(plain, normalized) { #expect(abs(a - b) < 1e-5 * max(1, abs(a))) }
    let gains = store.parameters.filter { $0.path.hasSuffix("gain") }
    // The transposed convolution's kernel is [4, 4, outputs, inputs].
    #expect(gains.map(\.path) == ["net.convolution.gain", "net.transpose.gain", "net.dense.gain"])
    #expect(gains.map(\.shape) == [[4], [3], [2]])
    #expect(store.buffers.map(\.path) == ["net.embedding.u", "net.embedding.v"])
    // The length of a direction does not matter.
    let (scaled, _) = output(.normalized) { store in
      guard let entry = store.parameters.first(where: { $0.path == "net.dense.weight" }), let memory = store.values else { return }
      for index in 0..<entry.count { unsafe memory.pointer[entry.offset + index] *= 3 }
    }
    for (a, b) in zip(scaled, normalized) { #expect(abs(a - b) < 1e-5 * max(1, abs(a))) }
  }

  @Test func `weight norm's gradient agrees with differences of the replay`() throws {
    let store = ParameterStore(name: "net", weights: .normalized)
    let dense = Dense(Scope(store), from: 5, to: 3)
    store.allocate(seed: 1)
    var expected: [(Int, [Double])] = []
    Observation.observing(GraphKeeper()) {
      _ = store.gradient {
        let loss = dense(Samples.normal([4, 5]), .training).hyperbolicTangent().squared().sum()
        let replay = Replay(of: loss)
        expected = zip(store.parameters, store.namedParameters).map { entry, named in
          (entry.offset, replay.centralDifferences(at: named.tensor, indices: Array(0..<entry.count)))
        }
        return loss
      }
    }
    #expect(expected.count == 3)
    let flat = try #require(store.gradientValues)
    for (offset, slopes) in expected {
      for (index, slope) in slopes.enumerated() {
        #expect(abs(unsafe Double(flat.pointer[offset + index]) - slope) < 1e-5)
      }
    }
  }

  @Test func `two rules for how weights are made are refused, one is taken`() throws {
    var objective = Objective(Hinge(), constraints: [WeightNorm()])
    #expect(try objective.store("critic", .critic).weights == .normalized)
    #expect(try objective.store("generator", .generator).weights == .asBuilt)
    objective.constraints.append(Spectral())
    let error = #expect(throws: OptionError.self) { _ = try objective.store("critic", .critic) }
    #expect(error?.description.contains("weight-norm and spectral") == true)
  }
}
