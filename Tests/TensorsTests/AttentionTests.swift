import Testing

@testable import Tensors

/// Counts bytes and operations of shape-only tensors, as a planning run does.
private final class Counts: PrimitiveObserver {
  let meter: MemoryMeter? = MemoryMeter()
  var flops = 0.0
  func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) {
    flops += primitive.flops(inputs.map(\.shape), output.shape)
  }
  func didPlan(flops: Double) { self.flops += flops }
}

@Suite struct AttentionTests {
  /// `Σ attention` of 2 samples, 4,096 queries, 1,024 keys of 8 and values of 32, differentiated by all three.
  private func differentiate(_ attention: (Tensor, Tensor, Tensor) -> Tensor) -> Counts {
    let counts = Counts()
    Observation.observing(counts) {
      let inputs = [[2, 4096, 8], [2, 1024, 8], [2, 1024, 32]].map { Tensor.abstract($0).asLeaf() }
      let found = gradients(of: attention(inputs[0], inputs[1], inputs[2]).sum(), at: inputs)
      #expect(found.map { $0?.shape } == inputs.map(\.shape))
    }
    return counts
  }

  @Test func `a step through attention never holds a matrix of queries by keys`() {
    let matrix = 2 * 4096 * 1024 * 4
    let fused = differentiate { $0.attending(to: $1, values: $2) }
    let plain = differentiate { $0.batchedProduct($1, transposeOther: true).softmax().batchedProduct($2) }
    #expect((fused.meter?.peak ?? .max) < matrix / 2)
    #expect((plain.meter?.peak ?? 0) > matrix, "the measure is wrong: the plain form holds such matrices")
  }

  @Test func `planned operations are those of the products and the exponentials`() {
    let scores = 2.0 * 4096 * 1024
    // Forward two products and a softmax of 4; backward five products, the scores computed again, of which three of keys' width.
    let expected = scores * (2 * 8 + 2 * 32 + 4) + scores * (6 * 8 + 4 * 32 + 6)
    let counts = differentiate { $0.attending(to: $1, values: $2) }
    #expect(counts.flops >= expected && counts.flops < expected * 1.01)
  }

  @Test func `queries and keys of different widths are refused`() async {
    await #expect(processExitsWith: .failure) {
      _ = Tensor.abstract([2, 5, 3]).attending(to: Tensor.abstract([2, 7, 4]), values: Tensor.abstract([2, 7, 6]))
    }
  }
}
