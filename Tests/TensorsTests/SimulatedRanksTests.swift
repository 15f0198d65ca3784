import Kernels
import Sharding
import Tensors
import TestSupport
import Testing

/// The order of addition, on ranks that are threads of this process.
@Suite struct SimulatedRanksTests {
  /// Loss and parameter gradients of a step with every kind of sum over the batch, as seen by one rank.
  static func step(_ group: any BatchGroup) -> [Float] {
    let layout = BatchLayout(group)
    let x = Samples.normal([layout.count, 4, 5, 2], layout: layout)
    let (kernel, weight) = (Samples.normal([3, 3, 2, 3], 1).asLeaf(), Samples.normal([60, 1], 2).asLeaf())
    let table = Samples.normal([4, 2], 3).asLeaf()
    let classes = (0..<layout.count).map { Int32((layout.firstSample + $0) % 4) }
    func critic(_ x: Tensor) -> Tensor {
      let shift = table.gathered(classes, layout: layout).reshaped([layout.count, 1, 1, 2])
      let (y, _) = (x + shift).convolved(with: kernel).standardized(epsilon: 1e-5)
      return y.softplus().reshaped([layout.count, -1]).rowProduct(weight)
    }
    let slope = gradient(at: x) { critic($0).sum() }
    let penalty = slope.squared().sum(axes: [1, 2, 3]).mean()
    let (real, fake) = (critic(x), critic(x * 0.5))
    let both = concatenated([real, fake], axis: 0)
    let loss = (both - both.mean(axes: [0])).squared().mean() + (real - fake.mean()).softplus().mean() + penalty
    let leaves = [kernel, weight, table]
    return [loss.scalar] + gradients(of: loss, at: leaves).flatMap { $0?.values ?? [] }
  }

  @Test(arguments: [(7, 5), (8, 8), (6, 3)])
  func `any number of ranks has the bits of one process`(_ batch: Int, _ shards: Int) {
    let plan = ShardPlan(batch: batch, shardCount: shards)
    let whole = Self.step(WholeBatch(plan: plan)).map(\.bitPattern)
    #expect(whole.count == 1 + 54 + 60 + 8)
    for ranks in 1...shards {
      for found in SimulatedRanks.run(ranks, plan: plan, { Self.step($0).map(\.bitPattern) }) { #expect(found == whole, "\(ranks) ranks") }
    }
  }

  @Test func `another cut of the batch agrees to rounding only`() {
    let (one, five) = (
      Self.step(WholeBatch(plan: ShardPlan(batch: 7, shardCount: 1))), Self.step(WholeBatch(plan: ShardPlan(batch: 7, shardCount: 5)))
    )
    // The bits differ, so the test of equal bits above can fail.
    #expect(one != five)
    let scale = one.map(abs).max() ?? 1
    for (a, b) in zip(one, five) { #expect(abs(a - b) < 1e-5 * scale) }
  }

  @Test func `sums of a concatenation are the sums of its parts`() {
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 7, shardCount: 3)))
    let parts = [Samples.normal([7, 3], 1, layout: layout), Samples.normal([7, 3], 2, layout: layout)]
    let joined = concatenated(parts, axis: 0)
    #expect(joined.globalCount(axes: [0]) == 14 && joined.shape == [14, 3])
    var expected = [0.0, 0.0, 0.0]
    for (index, value) in parts.flatMap(\.values).enumerated() { expected[index % 3] += Double(value) }
    for (found, sum) in zip(joined.sum(axes: [0]).values, expected) { #expect(abs(Double(found) - sum) < 1e-5) }
    for (part, original) in zip(joined.split(like: parts), parts) { #expect(part.values == original.values) }
  }
}
