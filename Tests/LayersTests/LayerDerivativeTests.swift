import Kernels
import Layers
import Sharding
import Tensors
import TestSupport
import Testing

/// A layer in a store, and inputs for it: a new one for each check, since running moments change.
struct LayerCase: Sendable, CustomTestStringConvertible {
  let name: String
  let input: @Sendable () -> Tensor
  let build: @Sendable (Scope) -> (Tensor) -> Tensor
  var testDescription: String { name }

  /// The store, with biases and gains moved off their initial 0 and 1, and the layer as a function.
  func built() -> (ParameterStore, (Tensor) -> Tensor) {
    let store = ParameterStore(name: "test")
    let function = build(Scope(store)["layer"])
    store.allocate(seed: 3)
    if let memory = store.values {
      for (index, shift) in Samples.normal([memory.count], 9).values.enumerated() { unsafe memory.pointer[index] += 0.3 * shift }
    }
    return (store, function)
  }

  private static let spectral = SpectralNorm.Settings()

  /// Layers whose weights are divided by σ run in inference: in training each call moves the power iteration.
  static let all: [LayerCase] = [
    LayerCase(name: "dense", input: { Samples.normal([3, 5]) }) { scope in
      let layer = Dense(scope, from: 5, to: 4)
      return { layer($0, .training) }
    },
    LayerCase(name: "dense with spectral norm", input: { Samples.normal([3, 5]) }) { scope in
      let layer = Dense(scope, from: 5, to: 4, spectral: spectral)
      return { layer($0, .inference) }
    },
    LayerCase(name: "convolution", input: { Samples.normal([2, 5, 4, 4]) }) { scope in
      let layer = Convolution2D(scope, from: 4, to: 6, kernel: 3, groups: 2)
      return { layer($0, .training) }
    },
    LayerCase(name: "strided convolution with spectral norm", input: { Samples.normal([2, 6, 4, 2]) }) { scope in
      let layer = Convolution2D(scope, from: 2, to: 3, kernel: 4, stride: 2, padding: .all(1), spectral: spectral)
      return { layer($0, .inference) }
    },
    LayerCase(name: "transposed convolution with spectral norm", input: { Samples.normal([2, 2, 3, 3]) }) { scope in
      let layer = TransposeConvolution2D(scope, from: 3, to: 2, kernel: 4, stride: 2, padding: .all(1), spectral: spectral)
      return { layer($0, .inference) }
    },
    LayerCase(name: "embedding", input: { Samples.normal([4, 3]) }) { scope in
      let layer = Embedding(scope, classes: 3, width: 3)
      return { x in (x + layer(Labels([2, 0, 2, 1]), .training)).squared() }
    },
    LayerCase(name: "batch norm", input: { batch([2, 2, 3]) }) { scope in
      let layer = BatchNorm(scope, channels: 3)
      return { layer($0, .training) }
    },
    LayerCase(name: "batch norm in inference", input: { batch([2, 2, 3]) }) { scope in
      let layer = BatchNorm(scope, channels: 3)
      return { layer($0, .inference) }
    },
    LayerCase(name: "conditional batch norm by linear maps", input: { batch([2, 2, 3]) }) { scope in
      let layer = ConditionalBatchNorm(
        scope, channels: 3, form: .linear(width: 4, spectral: spectral), settings: BatchNormSettings(), initializer: .orthogonal)
      return { x in layer(x, .vector(Samples.normal([5, 4], 1, layout: x.layout)), .inference) }
    },
    LayerCase(name: "conditional batch norm by tables", input: { batch([2, 2, 3]) }) { scope in
      let layer = ConditionalBatchNorm(
        scope, channels: 3, form: .table(classes: 3), settings: BatchNormSettings(), initializer: .orthogonal)
      return { x in layer(x, .labels(Labels([2, 0, 1, 2, 0], layout: x.layout)), .training) }
    },
    LayerCase(name: "layer norm", input: { batch([2, 2, 3]) }) { scope in
      let layer = LayerNorm(scope, channels: 3)
      return { layer($0, .training) }
    },
    LayerCase(name: "maxout", input: { Samples.normal([3, 5]) }) { scope in
      let layer = Maxout(scope, from: 5, to: 4, pieces: 3)
      return { layer($0, .training) }
    },
    LayerCase(name: "dense with exponential linear units", input: { Samples.normal([3, 5]) }) { scope in
      let layer = Dense(scope, from: 5, to: 4)
      return { layer($0, .training).exponentialLinear() }
    },
    LayerCase(name: "dense with dropout and noise", input: { batch([4]) }) { scope in
      let (layer, dropout, noise) = (
        Dense(scope, from: 4, to: 6), Dropout(scope["dropout"], rate: 0.5), GaussianNoise(scope["noise"], deviation: 0.3)
      )
      return { x in
        let draws = PassDraws([.init(x.layout) { RandomKey(seed: 5, purpose: textHash($0), step: 0) }])
        return noise(dropout(layer(x, .training), .training, draws), .training, draws)
      }
    },
    LayerCase(name: "residual block down with layer norm", input: { Samples.normal([2, 4, 4, 2]) }) { scope in
      let block = ResidualDownBlock(
        scope, from: 2, to: 4, through: 3, isFirst: false, halves: true, isNormalized: true, initializer: .orthogonal, spectral: nil)
      return { block($0, .training) }
    },
    LayerCase(name: "self-attention", input: { Samples.distinct([1, 4, 4, 8]) }) { scope in
      let layer = SelfAttention(scope, channels: 8, initializer: .orthogonal, spectral: nil)
      return { layer($0, .training) }
    },
  ]

  private static func batch(_ sample: [Int]) -> Tensor {
    Samples.normal([5] + sample, layout: BatchLayout(WholeBatch(plan: ShardPlan(batch: 5, shardCount: 3))))
  }
}

@Suite struct LayerDerivativeTests {
  @Test(arguments: LayerCase.all)
  func `derivatives in the input agree with central differences of the replay`(_ layer: LayerCase) {
    let (_, function) = layer.built()
    let report = checkDerivatives(at: [layer.input()], coordinates: 40) { function($0[0]).squared() }
    #expect(report.isWithinTolerance, "\(report.summary)")
  }

  func penalized(_ function: (Tensor) -> Tensor, _ x: Tensor) -> Tensor {
    let slope = gradient(at: x) { function($0).squared().mean() }
    return function(x).squared().mean() + slope.squared().sum()
  }

  /// The loss holds the layer and a penalty on its slope: parameters meet first and second derivatives.
  @Test(arguments: LayerCase.all)
  func `parameter gradients of a loss with a gradient penalty agree with differences`(_ layer: LayerCase) throws {
    let (store, function) = layer.built()
    let x = layer.input()
    var expected: [(path: String, indices: [Int], slopes: [Double])] = []
    Observation.observing(GraphKeeper()) {
      _ = store.gradient {
        let loss = penalized(function, x)
        let replay = Replay(of: loss)
        expected = store.namedParameters.map { path, leaf in
          let indices = Array(stride(from: 0, to: leaf.count, by: max(1, leaf.count / 20)))
          return (path, indices, replay.centralDifferences(at: leaf, indices: indices))
        }
        return loss
      }
    }
    let flat = try #require(store.gradientValues)
    for (entry, (path, indices, slopes)) in zip(store.parameters, expected) {
      let found = indices.map { unsafe Double(flat.pointer[entry.offset + $0]) }
      let norm = slopes.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let error = zip(found, slopes).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      #expect(error <= DerivativeReport.secondOrderTolerance * max(norm, 1e-3), "\(path): \(found) and \(slopes)")
      #expect(norm > 0, "\(path): the loss does not depend on it, so nothing was checked")
    }
    let values = try #require(store.values)
    let point = values.copy()
    let all = (0..<flat.count).map { unsafe Double(flat.pointer[$0]) }
    let error = FunctionSlope.error(of: all) { displacement in
      for (index, move) in displacement.enumerated() { unsafe values.pointer[index] = point.pointer[index] + move }
      return Double(penalized(function, x).scalar)
    }
    #expect(error < FunctionSlope.tolerance)
  }

  @Test func `a dense layer is xW + b, an embedding the rows of its labels`() {
    let (store, dense) = LayersTests.built { Dense($0, from: 5, to: 3, initializer: .normal(deviation: 1)) }
    if let memory = store.values, let entry = store.parameters.last {
      for o in 0..<3 { unsafe memory.pointer[entry.offset + o] = Float(o) }
    }
    let x = Samples.normal([4, 5])
    let (w, numbers) = (dense.weight.raw.values, x.values)
    for (index, y) in dense(x, .inference).values.enumerated() {
      let (row, column) = (index / 3, index % 3)
      let expected = (0..<5).reduce(Double(column)) { $0 + Double(numbers[row * 5 + $1]) * Double(w[$1 * 3 + column]) }
      #expect(abs(Double(y) - expected) < 1e-5)
    }
    let (_, embedding) = LayersTests.built { Embedding($0, classes: 4, width: 3) }
    let table = embedding.weight.raw.values
    let rows: [Float] = Array(table[9..<12] + table[0..<3] + table[9..<12])
    #expect(embedding(Labels([3, 0, 3]), .training).values == rows)
  }

  @Test func `a training forward makes exactly one power iteration, inference none`() {
    let (store, dense) = LayersTests.built { Dense($0, from: 7, to: 5, initializer: .normal(deviation: 1), spectral: .init()) }
    let w = dense.weight.raw.values.map(Double.init)
    func expected(_ u: [Float]) -> [Double] {
      let image = (0..<7).map { row in (0..<5).reduce(0.0) { $0 + w[row * 5 + $1] * Double(u[$1]) } }
      let back = (0..<5).map { column in (0..<7).reduce(0.0) { $0 + w[$1 * 5 + column] * image[$1] } }
      let norm = back.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return back.map { $0 / norm }
    }
    for _ in 0..<3 {
      let before = LayersTests.buffer(store, "test.layer.u")
      _ = dense(Samples.normal([2, 7]), .inference)
      #expect(LayersTests.buffer(store, "test.layer.u") == before)
      _ = dense(Samples.normal([2, 7]), .training)
      let after = LayersTests.buffer(store, "test.layer.u")
      #expect(after != before)
      for (found, value) in zip(after, expected(before)) { #expect(abs(Double(found) - value) < 1e-5) }
    }
  }

  @Test func `accumulated variances are the mean over the passes`() {
    let (store, norm) = LayersTests.built { BatchNorm($0, channels: 2) }
    let passes = (0..<3).map { Samples.normal([8, 2, 2, 2], $0) * Float($0 + 1) }
    for (index, x) in passes.enumerated() { _ = norm(x, .accumulating(pass: index + 1)) }
    for (channel, found) in LayersTests.buffer(store, "test.layer.variance").enumerated() {
      let variances = passes.map { x in
        let column = x.values.enumerated().filter { $0.offset % 2 == channel }.map { Double($0.element) }
        let mean = column.reduce(0, +) / Double(column.count)
        return column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(column.count)
      }
      #expect(abs(Double(found) - variances.reduce(0, +) / 3) < 1e-4)
    }
  }
}
