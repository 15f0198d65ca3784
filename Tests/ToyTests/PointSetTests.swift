import Kernels
import Sharding
import Tensors
import Testing

@testable import Toy

@Suite struct PointSetTests {
  static func points(_ set: PointSet, _ count: Int) -> [Float] {
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: count, shardCount: 1)))
    return set.points(RandomKey(seed: 5, purpose: 6, step: 7), layout).values
  }

  @Test(arguments: PointSet.allCases)
  func `the distribution covers its own modes evenly`(set: PointSet) {
    let coverage = ModeCoverage(of: set, by: Self.points(set, 20_000))
    #expect(coverage.covered == set.modes)
    // Within three deviations in the plane lie 1 - e^(-9/2) of a normal distribution; along a spiral, which has one normal direction, more.
    let expected = set == .swissRoll ? 0.9973 : 1 - 0.011109
    #expect(abs(coverage.quality - expected) < 0.004, "quality \(coverage.quality)")
    // 2 n KL is chi-squared with K - 1 degrees of freedom; twice that is beyond any sensible quantile.
    #expect(coverage.divergence < 4 * Double(set.modes) / 40_000, "divergence \(coverage.divergence)")
  }

  @Test func `a single mode, points between modes, and numbers that are none`() {
    let one = [Float](repeating: 0, count: 200).enumerated().map { $0.offset % 2 == 0 ? Float(1) : 0 }
    let collapsed = ModeCoverage(of: .ring, by: one)
    #expect(collapsed.covered == 1 && collapsed.quality == 1)
    #expect(abs(collapsed.divergence - 2.0794415) < 1e-6)
    let centre = ModeCoverage(of: .ring, by: [Float](repeating: 0, count: 200))
    #expect(centre.covered == 0 && centre.quality == 0 && centre.divergence == .infinity)
    let broken = ModeCoverage(of: .grid, by: [.nan, 0, .infinity, 0])
    #expect(broken.covered == 0 && broken.quality == 0)
  }

  @Test func `points depend on the global sample, not on how many there are`() {
    #expect(Array(Self.points(.swissRoll, 100)[..<40]) == Array(Self.points(.swissRoll, 20)))
  }
}
