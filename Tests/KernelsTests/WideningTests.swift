import Kernels
import Testing

@Suite struct WideningTests {
  private static let (inputs, outputs) = (3, 20)

  /// The 3x3 taps that make up each tap of the wide kernel, on one axis.
  private func sources(_ widening: Widening, _ tap: Int) -> [Int] {
    let all = widening == .pooling ? [[0], [0, 1], [1, 2], [2]] : [[2], [1, 2], [0, 1], [0]]
    return all[tap]
  }

  private func wide(_ widening: Widening, _ w: [Float]) -> [Float] {
    output(16 * Self.inputs * Self.outputs) { unsafe widening.widen(inputs: Self.inputs, outputs: Self.outputs, w, $0) }
  }

  @Test(arguments: [Widening.pooling, .upsampling]) func `each tap of a wide kernel is the sum of its 3x3 taps`(_ widening: Widening) {
    let (inputs, outputs) = (Self.inputs, Self.outputs)
    let w = samples(9 * inputs * outputs)
    let found = wide(widening, w)
    for tap in 0..<16 {
      for input in 0..<inputs {
        for output in 0..<outputs {
          var expected = 0.0
          for row in sources(widening, tap / 4) {
            for column in sources(widening, tap % 4) { expected += Double(w[((row * 3 + column) * inputs + input) * outputs + output]) }
          }
          let place = widening == .pooling ? input * outputs + output : output * inputs + input
          let value = Double(found[tap * inputs * outputs + place]) * (widening == .pooling ? 4 : 1)
          #expect(abs(value - expected) < 1e-6, "tap \(tap), channels \(input) and \(output)")
        }
      }
    }
  }

  @Test(arguments: [Widening.pooling, .upsampling]) func `narrowing is the adjoint of widening`(_ widening: Widening) {
    let size = Self.inputs * Self.outputs
    let (w, cotangent) = (integers(9 * size, seed: 1), integers(16 * size, seed: 2))
    let narrow = output(9 * size) { unsafe widening.narrow(inputs: Self.inputs, outputs: Self.outputs, cotangent, $0) }
    func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    #expect(dot(wide(widening, w), cotangent) == dot(w, narrow))
    #expect(dot(w, narrow) != 0)
  }
}
