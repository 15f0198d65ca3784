import Foundation
import Kernels
import Sharding
import TestSupport
import Testing

@testable import Tensors

/// The rules of the engine that no single primitive shows.
@Suite struct EngineRulesTests {
  /// A critic with a convolution, a nonlinearity and a dense layer, as a function of its weights.
  static func critic(_ x: Tensor, _ kernel: Tensor, _ weight: Tensor) -> Tensor {
    x.convolved(with: kernel).softplus().reshaped([x.shape[0], -1]).rowProduct(weight)
  }

  @Test func `a gradient penalty's own gradient agrees with central differences of its replay`() {
    let x = Samples.normal([3, 4, 5, 2])
    let kernel = Samples.normal([3, 3, 2, 3], 1).asLeaf()
    let weight = Samples.normal([60, 1], 2).asLeaf()
    Observation.observing(GraphKeeper()) {
      let slope = gradient(at: x) { Self.critic($0, kernel, weight).sum() }
      #expect(slope.isTracked && slope.shape == x.shape)
      let penalty = ((slope.squared().sum(axes: [1, 2, 3]) + 1e-12).squareRoot() - 1).squared().mean()
      let replay = Replay(of: penalty)
      let found = gradients(of: penalty, at: [kernel, weight])
      for (leaf, gradient) in zip([kernel, weight], found) {
        let indices = Array(stride(from: 0, to: leaf.count, by: 7))
        let expected = replay.centralDifferences(at: leaf, indices: indices)
        guard let values = gradient?.values else {
          Issue.record("no gradient for a leaf of shape \(leaf.shape)")
          continue
        }
        let scale = expected.reduce(1e-3) { max($0, abs($1)) }
        for (index, slope) in zip(indices, expected) { #expect(abs(Double(values[index]) - slope) < 1e-4 * scale) }
      }
    }
  }

  @Test(arguments: [1, 3]) func `a quotient that a convolution reads is made only for those who ask`(_ kernel: Int) {
    let (x, w) = (Samples.normal([2, 4, 4, 16]), Samples.normal([kernel, kernel, 16, 16], 1))
    let (u, v) = (Samples.normal([16], 2), Samples.normal([kernel * kernel * 16], 3))
    func divided() -> Tensor { w.dividedBySingularValue(u: u, v: v) }
    let read = divided()
    let before = x.convolved(with: read)
    #expect(read.storage.product != nil)
    let made = Tensor(read.values, shape: w.shape)
    #expect(read.storage.product == nil)
    #expect(before.values == x.convolved(with: made).values && before.values == x.convolved(with: read).values)
    let y = Samples.normal([2, 8, 8, 16], 4)
    #expect(y.convolvedAndPooled(with: divided()).values == y.convolvedAndPooled(with: made).values)
    #expect(x.upsampledAndConvolved(with: divided()).values == x.upsampledAndConvolved(with: made).values)
  }

  @Test func `a factor is kept only when the other one is tracked`() {
    let (x, w) = (Samples.normal([2, 4, 4, 3]), Samples.normal([3, 3, 3, 5], 1))
    func kept(_ y: Tensor) -> [Bool] {
      (y.node?.inputs ?? []).map { if case .stored = $0.content { true } else { false } }
    }
    #expect(kept(x.asLeaf().convolved(with: w)) == [false, true])
    #expect(kept(x.convolved(with: w.asLeaf())) == [true, false])
    #expect(kept(x.asLeaf().convolved(with: w.asLeaf())) == [true, true])
    #expect(kept(x.asLeaf() * Samples.normal([3], 2)) == [false, true])
  }

  @Test func `a gradient at a point is recorded only when something outside is tracked`() {
    let (x, kernel, weight) = (Samples.normal([2, 4, 4, 2]), Samples.normal([3, 3, 2, 3], 1), Samples.normal([48, 1], 2))
    #expect(!gradient(at: x) { Self.critic($0, kernel, weight).sum() }.isTracked)
    #expect(gradient(at: x.asLeaf()) { Self.critic($0, kernel, weight).sum() }.isTracked)
    #expect(gradient(at: x) { ($0 * 0).sum() }.values.allSatisfy { $0 == 0 })
    #expect(gradient(at: x) { _ in Tensor(1) }.values.allSatisfy { $0 == 0 })
  }

  @Test func `a graph that was consumed traps with a sentence`() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor([1, 2], shape: [2]).asLeaf()
      let value = x.squared().sum()
      _ = gradients(of: value, at: [x])
      _ = gradients(of: value, at: [x])
    }
  }

  @Test func `shapes that do not fit trap`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor(repeating: 0, shape: [2, 3]) + Tensor(repeating: 0, shape: [4]) }
    await #expect(processExitsWith: .failure) {
      _ = Tensor(repeating: 0, shape: [1, 4, 4, 3]).convolved(with: Tensor(repeating: 0, shape: [3, 3, 2, 5]))
    }
    await #expect(processExitsWith: .failure) {
      let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 2, shardCount: 1)))
      _ = Tensor(repeating: 0, shape: [2, 3], layout: layout).transposed()
    }
  }

  @Test func `after the second step the pool has no misses`() async {
    await #expect(processExitsWith: .success) {
      let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 4, shardCount: 2)))
      let x = Samples.normal([4, 8, 8, 16], layout: layout)
      func step() {
        let kernel = Samples.normal([3, 3, 16, 16], 1).asLeaf()
        let (y, _) = x.convolved(with: kernel).standardized(epsilon: 1e-5)
        let slope = gradient(at: y) { $0.rectified().squared().sum() }
        _ = gradients(of: (y * slope).mean(), at: [kernel])
      }
      step()
      step()
      let before = StoragePool.shared.statistics.misses
      for _ in 0..<5 { step() }
      exit(StoragePool.shared.statistics.misses == before && before > 0 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func `means and parameter gradients of a sharded batch are those of the whole`() {
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 7, shardCount: 3)))
    let numbers = Samples.normal([7, 4, 4, 2])
    let sharded = Tensor(rows: numbers.values, shape: numbers.shape, layout: layout)
    func loss(_ x: Tensor, _ kernel: Tensor, _ weight: Tensor) -> Tensor {
      let both = concatenated([x, x * 0.5], axis: 0)
      return Self.critic(both, kernel, weight).squared().mean()
    }
    let results = [numbers, sharded].map { x in
      let (kernel, weight) = (Samples.normal([3, 3, 2, 3], 1).asLeaf(), Samples.normal([48, 1], 2).asLeaf())
      let value = loss(x, kernel, weight)
      return [value.scalar] + gradients(of: value, at: [kernel, weight]).flatMap { $0?.values ?? [] }
    }
    #expect(results[0].count == 1 + 54 + 48 && results[0].count == results[1].count)
    let scale = results[0].map(abs).max() ?? 1
    for (whole, cut) in zip(results[0], results[1]) { #expect(abs(whole - cut) < 2e-6 * scale) }
  }

  @Test func `an observer sees the path of the layer at work`() {
    final class Paths: PrimitiveObserver {
      var seen: [String] = []
      func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) { seen.append(Observation.path) }
    }
    let paths = Paths()
    Observation.observing(paths) {
      named("net.a") {
        _ = Tensor(1) + 1
        named("net.a.b") { _ = Tensor(1) + 1 }
        _ = Tensor(1) + 1
      }
    }
    #expect(paths.seen == ["net.a", "net.a.b", "net.a"])
  }
}
