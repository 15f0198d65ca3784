import Layers
import Tensors
import TestSupport
import Testing

@Suite struct SingularValueTests {
  /// Largest singular value by a thousand power iterations in Double.
  private func reference(_ numbers: [Float], columns: Int) -> Double {
    let rows = numbers.count / columns
    let w = numbers.map(Double.init)
    var u = (0..<columns).map { Double(1 + $0 % 7) }
    var sigma = 0.0
    for _ in 0..<1000 {
      var v = [Double](repeating: 0, count: rows)
      for index in w.indices { v[index / columns] += w[index] * u[index % columns] }
      var turned = [Double](repeating: 0, count: columns)
      for index in w.indices { turned[index % columns] += w[index] * v[index / columns] }
      let length = turned.map { $0 * $0 }.reduce(0, +).squareRoot()
      sigma = length.squareRoot()
      u = turned.map { $0 / length }
    }
    return sigma
  }

  @Test func `they are near the largest and never above, by spectral norm's vectors or without`() throws {
    let store = ParameterStore(name: "net")
    let convolution = Convolution2D(Scope(store)["first"], from: 5, to: 9, kernel: 3)
    let dense = Dense(Scope(store)["second"], from: 12, to: 7, initializer: .normal(deviation: 0.4), spectral: .init())
    _ = Embedding(Scope(store)["table"], classes: 3, width: 6)
    store.allocate(seed: 8)
    // Spectral norm's vectors settle over some passes.
    for _ in 0..<30 { _ = dense(Samples.normal([2, 12]), .training) }
    let found = store.largestSingularValues()
    #expect(found.map(\.path) == ["net.first.weight", "net.second.weight"], "tables and biases are left out")
    for (path, value) in found {
      let weight = try #require(store.namedParameters.first { $0.path == path }).tensor
      let expected = reference(weight.values, columns: weight.shape[weight.rank - 1])
      let excess = Double(value) / expected - 1
      #expect(excess < 1e-5 && excess > (path.contains("second") ? -1e-4 : -0.05), "\(path): \(value), \(expected)")
    }
    _ = convolution
  }

  @Test func `a weight of zeros has 0, and directions without length have none`() {
    let store = ParameterStore(name: "net")
    _ = Dense(Scope(store)["zero"], from: 4, to: 3, initializer: .zeros)
    store.allocate(seed: 8)
    #expect(store.largestSingularValues().map(\.value) == [0])
    let normalized = ParameterStore(name: "net", weights: .normalized)
    _ = Dense(Scope(normalized)["layer"], from: 4, to: 3)
    normalized.allocate(seed: 8)
    #expect(normalized.largestSingularValues().isEmpty)
  }
}
