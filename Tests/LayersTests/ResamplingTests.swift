import Layers
import Tensors
import TestSupport
import Testing

/// Convolutions beside a change of size, against the plain order of operations.
@Suite struct ResamplingTests {
  /// An image size, of the smaller image, and channels.
  struct Shape: CustomTestStringConvertible {
    var height = 8
    var width: Int
    var inputs: Int
    var outputs: Int
    var isFast: Bool
    var testDescription: String { "\(height)x\(width), \(inputs) to \(outputs)" }
  }

  // Odd sizes; then one image too small, and channels that the fast kernel does not take.
  static let shapes = [
    Shape(width: 8, inputs: 16, outputs: 32, isFast: true), Shape(height: 9, width: 11, inputs: 48, outputs: 16, isFast: true),
    Shape(height: 3, width: 8, inputs: 16, outputs: 16, isFast: false), Shape(width: 8, inputs: 5, outputs: 16, isFast: false),
  ]

  /// Largest difference over the largest value.
  static func difference(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count, let scale = expected.map(abs).max(), scale > 0 else { return .infinity }
    return zip(found, expected).map { abs($0 - $1) }.max()! / scale
  }

  /// Values, gradients of `Σ y²`, and gradients of the squared norm of those: the last meet second derivatives.
  static func numbers(_ inputs: [Tensor], _ function: ([Tensor]) -> Tensor) -> [[Float]] {
    var leaves = inputs.map { $0.asLeaf() }
    let y = function(leaves)
    let first = gradients(of: y.squared().sum(), at: leaves)
    leaves = inputs.map { $0.asLeaf() }
    let slope = gradient(at: leaves[0]) { x in function([x, leaves[1]]).squared().sum() }
    let second = gradients(of: slope.squared().sum(), at: leaves)
    return [y.values] + (first + second).map { $0?.values ?? [] }
  }

  static func expectEqual(_ found: [[Float]], _ expected: [[Float]]) {
    for (index, (f, e)) in zip(found, expected).enumerated() {
      let difference = difference(f, e)
      #expect(difference < 2e-5, "\(["value", "slope in x", "slope in w", "second in x", "second in w"][index]): \(difference)")
    }
  }

  private func names(_ body: () -> Void) -> Set<String> {
    let names = PrimitiveNames()
    Observation.observing(names, body)
    return names.seen
  }

  @Test(arguments: shapes) func `convolution and pooling in one equal one after the other`(_ shape: Shape) {
    // An odd last row and column belong to no window.
    let x = Samples.normal([2, 2 * shape.height + shape.height % 2, 2 * shape.width + shape.width % 2, shape.inputs])
    let w = Samples.normal([3, 3, shape.inputs, shape.outputs], 1) * 0.1
    let found = Self.numbers([x, w]) { $0[0].convolvedAndPooled(with: $0[1]) }
    Self.expectEqual(found, Self.numbers([x, w]) { $0[0].convolved(with: $0[1]).averagePooled(2) })
    #expect(names { _ = x.convolvedAndPooled(with: w) }.contains("widen kernel") == shape.isFast)
  }

  @Test(arguments: shapes) func `upsampling and convolution in one equal one after the other`(_ shape: Shape) {
    let x = Samples.normal([2, shape.height, shape.width, shape.inputs])
    let w = Samples.normal([3, 3, shape.inputs, shape.outputs], 1) * 0.1
    let found = Self.numbers([x, w]) { $0[0].upsampledAndConvolved(with: $0[1]) }
    Self.expectEqual(found, Self.numbers([x, w]) { $0[0].upsampled(2).convolved(with: $0[1]) })
    #expect(names { _ = x.upsampledAndConvolved(with: w) }.contains("widen kernel") == shape.isFast)
  }

  @Test func `5x5 kernels keep the plain order`() {
    let x = Samples.normal([1, 8, 8, 16])
    let w = Samples.normal([5, 5, 16, 16], 1)
    #expect(x.upsampledAndConvolved(with: w).values == x.upsampled(2).convolved(with: w).values)
    #expect(x.convolvedAndPooled(with: w).values == x.convolved(with: w).averagePooled(2).values)
  }

  /// The 3x3 and 1x1 convolutions of a block with its weights and biases, by name.
  private static func convolved(_ store: ParameterStore, _ name: String, _ x: Tensor) -> Tensor {
    let found = Dictionary(uniqueKeysWithValues: store.namedParameters.map { ($0.path, $0.tensor) })
    guard let weight = found["test.layer.\(name).weight"], let bias = found["test.layer.\(name).bias"] else { return x }
    return x.convolved(with: weight) + bias
  }

  /// Biases start at 0, where a wrong one would not show.
  private static func move(_ store: ParameterStore) {
    guard let memory = store.values else { return }
    for (index, shift) in Samples.normal([memory.count], 9).values.enumerated() { unsafe memory.pointer[index] += 0.1 * shift }
  }

  @Test func `a critic's block equals its definition`() {
    let (store, block) = LayersTests.built {
      ResidualDownBlock($0, from: 16, to: 32, isFirst: false, halves: true, initializer: .orthogonal, spectral: nil)
    }
    Self.move(store)
    let x = Samples.normal([2, 16, 20, 16])
    let found = Self.blockNumbers(x) { block($0, .training) }
    let expected = Self.blockNumbers(x) { x in
      let hidden = Self.convolved(store, "conv1", x.rectified()).rectified()
      return Self.convolved(store, "conv2", hidden).averagePooled(2) + Self.convolved(store, "shortcut", x.averagePooled(2))
    }
    for (f, e) in zip(found, expected) { #expect(Self.difference(f, e) < 2e-5) }
  }

  @Test func `a generator's block equals its definition`() {
    let (store, block) = LayersTests.built {
      ResidualUpBlock(
        $0, from: 32, to: 16, form: nil, settings: BatchNormSettings(), initializer: .orthogonal, spectral: nil)
    }
    Self.move(store)
    func normed(_ x: Tensor, _ name: String) -> Tensor {
      let found = ["gain", "bias"].map { Tensor(LayersTests.values(store, "test.layer.\(name).\($0)"), shape: [x.shape[3]]) }
      return x.standardized(epsilon: BatchNormSettings().epsilon).0 * found[0] + found[1]
    }
    let x = Samples.normal([2, 8, 9, 32])
    let found = Self.blockNumbers(x) { block($0, nil, .training) }
    let expected = Self.blockNumbers(x) { x in
      let hidden = Self.convolved(store, "conv1", normed(x, "norm1").rectified().upsampled(2))
      return Self.convolved(store, "conv2", normed(hidden, "norm2").rectified()) + Self.convolved(store, "shortcut", x).upsampled(2)
    }
    for (f, e) in zip(found, expected) { #expect(Self.difference(f, e) < 5e-5) }
  }

  private static func blockNumbers(_ x: Tensor, _ function: (Tensor) -> Tensor) -> [[Float]] {
    let leaf = x.asLeaf()
    let y = function(leaf)
    return [y.values] + gradients(of: y.squared().sum(), at: [leaf]).map { $0?.values ?? [] }
  }
}

/// The names of the primitives that run.
private final class PrimitiveNames: PrimitiveObserver {
  private(set) var seen: Set<String> = []
  func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) { seen.insert(type(of: primitive).name) }
}
