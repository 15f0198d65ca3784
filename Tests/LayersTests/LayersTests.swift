import Kernels
import Layers
import Sharding
import Tensors
import TestSupport
import Testing

@Suite struct LayersTests {
  /// A store with one layer, allocated.
  static func built<Layer>(_ make: (Scope) -> Layer) -> (ParameterStore, Layer) {
    let store = ParameterStore(name: "test")
    let layer = make(Scope(store)["layer"])
    store.allocate(seed: 2)
    return (store, layer)
  }

  static func values(_ store: ParameterStore, _ path: String) -> [Float] {
    guard let found = store.namedParameters.first(where: { $0.path == path }) else { return [] }
    return found.tensor.values
  }

  static func buffer(_ store: ParameterStore, _ path: String) -> [Float] {
    guard let entry = store.buffers.first(where: { $0.path == path }), let memory = store.bufferValues else { return [] }
    return unsafe Array(UnsafeBufferPointer(start: memory.pointer + entry.offset, count: entry.count))
  }

  @Test func `batch norm has mean 0 and variance 1 in training and running moments in inference`() {
    let (store, norm) = Self.built { BatchNorm($0, channels: 3, settings: BatchNormSettings(epsilon: 1e-5, momentum: 0.25)) }
    let x = Samples.normal([6, 4, 5, 3]) * 3 + 2
    let y = norm(x, .training)
    let (mean, square) = (y.mean(axes: [0, 1, 2]).values, y.squared().mean(axes: [0, 1, 2]).values)
    for channel in 0..<3 { #expect(abs(mean[channel]) < 1e-5 && abs(square[channel] - 1) < 1e-4) }
    let batchMean = x.mean(axes: [0, 1, 2])
    let running = Self.buffer(store, "test.layer.mean")
    for (found, expected) in zip(running, batchMean.values) { #expect(abs(found - 0.25 * expected) < 1e-5) }
    let before = running
    let inferred = norm(x, .inference)
    #expect(Self.buffer(store, "test.layer.mean") == before)
    let variance = Self.buffer(store, "test.layer.variance")
    let expected = (x.values[0] - running[0]) / (variance[0] + 1e-5).squareRoot()
    #expect(abs(inferred.values[0] - expected) < 1e-4)
  }

  @Test func `accumulated moments are the mean over the passes`() {
    let (store, norm) = Self.built { BatchNorm($0, channels: 2) }
    let passes = (0..<3).map { Samples.normal([8, 2, 2, 2], $0) + Float($0) }
    for (index, x) in passes.enumerated() { _ = norm(x, .accumulating(pass: index + 1)) }
    let expected = passes.map { $0.mean(axes: [0, 1, 2]).values }
    for channel in 0..<2 {
      let mean = expected.reduce(0) { $0 + $1[channel] } / 3
      #expect(abs(Self.buffer(store, "test.layer.mean")[channel] - mean) < 1e-5)
    }
  }

  @Test func `conditional batch norm scales by 1 plus its table's row`() {
    let (store, norm) = Self.built {
      ConditionalBatchNorm(
        $0, channels: 4, form: .table(classes: 3), settings: BatchNormSettings(), initializer: .normal(deviation: 0.5))
    }
    let x = Samples.normal([5, 2, 3, 4])
    let labels: [Int32] = [2, 0, 1, 2, 0]
    let y = norm(x, .labels(Labels(labels)), .training).values
    let (plain, _) = x.standardized(epsilon: 1e-5)
    let (gain, bias) = (Self.values(store, "test.layer.gain.weight"), Self.values(store, "test.layer.bias.weight"))
    for (index, value) in plain.values.enumerated() {
      let (row, channel) = (Int(labels[index / 24]), index % 4)
      #expect(abs(y[index] - (value * (1 + gain[row * 4 + channel]) + bias[row * 4 + channel])) < 1e-5)
    }
  }

  @Test func `spectral norm converges to the largest singular value and changes nothing in inference`() {
    let (store, dense) = Self.built { Dense($0, from: 7, to: 5, initializer: .normal(deviation: 1), spectral: .init()) }
    let before = Self.buffer(store, "test.layer.u")
    _ = dense.weight(.inference)
    #expect(Self.buffer(store, "test.layer.u") == before)
    for _ in 0..<200 { _ = dense.weight(.training) }
    // Power iteration on WᵀW in Double.
    let w = dense.weight.raw.values.map(Double.init)
    var vector = [1.0, 0.5, -0.3, 0.2, 0.1]
    var sigma = 0.0
    for _ in 0..<2000 {
      let image = (0..<7).map { row in (0..<5).reduce(0) { $0 + w[row * 5 + $1] * vector[$1] } }
      let back = (0..<5).map { column in (0..<7).reduce(0) { $0 + w[$1 * 5 + column] * image[$1] } }
      let norm = back.reduce(0) { $0 + $1 * $1 }.squareRoot()
      sigma = norm.squareRoot()
      vector = back.map { $0 / norm }
    }
    let scaled = dense.weight(.inference).values
    for (found, raw) in zip(scaled, w) { #expect(abs(Double(found) - raw / sigma) < 1e-4) }
  }

  /// With `A = ∂L/∂(W/σ)` and σ = vᵀWu: `∂L/∂W = A/σ - ⟨A, W⟩/σ² · v uᵀ`. A replay could not show this, since it takes a detached σ for
  /// a constant.
  @Test func `the gradient flows through sigma`() {
    let (store, dense) = Self.built { Dense($0, from: 4, to: 3, initializer: .normal(deviation: 1), spectral: .init()) }
    let a = Samples.normal([4, 3])
    _ = store.gradient { (dense.weight(.inference) * a).sum() }
    let (w, u, v) = (dense.weight.raw.values, Self.buffer(store, "test.layer.u"), Self.buffer(store, "test.layer.v"))
    var (sigma, product) = (0.0, 0.0)
    for index in w.indices {
      sigma += Double(v[index / 3]) * Double(w[index]) * Double(u[index % 3])
      product += Double(a.values[index]) * Double(w[index])
    }
    guard let flat = store.gradientValues else { return }
    for index in w.indices {
      let through = product / (sigma * sigma) * Double(v[index / 3]) * Double(u[index % 3])
      let expected = Double(a.values[index]) / sigma - through
      #expect(unsafe abs(Double(flat.pointer[index]) - expected) < 1e-5)
    }
    #expect(w.count == 12 && abs(product) > 0.1)
  }

  @Test func `attention with gain 0 is the identity and with gain 1 the formula`() {
    let (store, attention) = Self.built { SelfAttention($0, channels: 8, initializer: .normal(deviation: 0.5), spectral: nil) }
    let x = Samples.normal([2, 4, 4, 8])
    #expect(attention(x, .training).values == x.values)
    guard let entry = store.parameters.first(where: { $0.path == "test.layer.gain" }), let memory = store.values else { return }
    unsafe memory.pointer[entry.offset] = 1
    let y = attention(x, .inference).values
    func map(_ name: String, _ pixel: [Double], _ outputs: Int) -> [Double] {
      let w = Self.values(store, "test.layer.\(name).weight")
      return (0..<outputs).map { o in pixel.indices.reduce(0) { $0 + pixel[$1] * Double(w[$1 * outputs + o]) } }
    }
    let numbers = x.values.map(Double.init)
    for sample in 0..<2 {
      let pixels = (0..<16).map { p in Array(numbers[((sample * 16 + p) * 8)..<((sample * 16 + p) * 8 + 8)]) }
      func pooled(_ name: String, _ outputs: Int) -> [[Double]] {
        let mapped = pixels.map { map(name, $0, outputs) }
        return (0..<4).map { block in
          let corner = block / 2 * 8 + block % 2 * 2
          return (0..<outputs).map { o in [0, 1, 4, 5].map { mapped[corner + $0][o] }.max() ?? 0 }
        }
      }
      let (keys, values) = (pooled("key", 1), pooled("value", 4))
      for (index, pixel) in pixels.enumerated() {
        let query = map("query", pixel, 1)
        let scores = keys.map { key in zip(query, key).reduce(0) { $0 + $1.0 * $1.1 } }
        let weights = scores.map { Double.exponential($0) }
        let total = weights.reduce(0, +)
        let mixed = (0..<4).map { v in weights.indices.reduce(0) { $0 + weights[$1] / total * values[$1][v] } }
        for (channel, value) in map("output", mixed, 8).enumerated() {
          #expect(abs(Double(y[(sample * 16 + index) * 8 + channel]) - (pixel[channel] + value)) < 1e-4)
        }
      }
    }
  }

  @Test func `a transposed convolution of 4x4, stride 2, padding 1 doubles the size`() {
    let (_, layer) = Self.built { TransposeConvolution2D($0, from: 3, to: 5, kernel: 4, stride: 2, padding: .all(1)) }
    #expect(layer(Samples.normal([2, 6, 4, 3]), .training).shape == [2, 12, 8, 5])
  }

  @Test func `parameters are tracked only inside gradients of their own store`() {
    let (store, dense) = Self.built { Dense($0, from: 3, to: 2) }
    let (other, _) = Self.built { Dense($0, from: 3, to: 2) }
    let x = Samples.normal([4, 3])
    #expect(!dense(x, .training).isTracked)
    _ = other.gradient {
      #expect(!dense(x, .training).isTracked)
      return Tensor(0)
    }
    _ = store.gradient {
      #expect(dense(x, .training).isTracked)
      return dense(x, .training).sum()
    }
  }

  @Test func `initial values depend on seed and path alone`() {
    func weight(_ extra: Bool, _ seed: UInt64) -> [Float] {
      let store = ParameterStore(name: "net")
      if extra { _ = Dense(Scope(store)["other"], from: 9, to: 9) }
      let dense = Dense(Scope(store)["dense"], from: 40, to: 30, initializer: .normal(deviation: 0.02))
      store.allocate(seed: seed)
      return dense.weight.raw.values
    }
    #expect(weight(false, 1) == weight(true, 1))
    #expect(weight(false, 1) != weight(false, 2))
    let deviation = (weight(false, 1).reduce(0) { $0 + $1 * $1 } / 1200).squareRoot()
    #expect(abs(deviation - 0.02) < 0.02 * 4 / Float(2400).squareRoot())
  }
}

extension Double {
  /// eˣ by its series, halved until it converges fast: the test needs no library function.
  static func exponential(_ x: Double) -> Double {
    let small = x / 1024
    var (term, sum) = (1.0, 1.0)
    for index in 1..<20 {
      term *= small / Double(index)
      sum += term
    }
    return (0..<10).reduce(sum) { value, _ in value * value }
  }
}
