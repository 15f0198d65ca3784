import Adversarial
import Kernels
import Layers
import Sharding
import Tensors
import Testing

@testable import Training

@Suite struct PlanPhasesTests {
  private static let data = DataFormat(height: 4, width: 4, channels: 1, classes: nil)

  @Test func `a phase's operations are told by pass, and those before the awaited network`() throws {
    let model = try ModelEntry(TinyModel.self).configured()
    let plan = try Plan(model, options: RunOptions(model.run), data: Self.data, ranks: 1)
    #expect(plan.phases.map(\.name) == ["critic", "generator"] && plan.phases.map(\.network) == ["critic", "generator"])
    #expect(plan.phases.map(\.updates) == [2, 1] && plan.phases.map(\.readsImages) == [true, false])
    #expect(plan.phases.map(\.gradientBytes) == [4 * 17, 4 * 96])
    let (critic, generator) = (plan.phases[0], plan.phases[1])
    #expect(plan.flopsPerStep == 2 * critic.flops + generator.flops)
    // The generator's loss draws six samples of 16 from 3 numbers before it asks the critic: at least that product.
    #expect(generator.leadingFlops >= 2 * 6 * 16 * 3 && generator.leadingFlops < generator.forwardFlops)
    // The critic's loss asks the critic for real images before the generator for others.
    #expect(critic.leadingFlops > 0 && critic.leadingFlops < critic.forwardFlops)
    // The generator's gradient passes through the critic and both factors of its own product.
    #expect(generator.backwardFlops > 2 * 2 * 6 * 16)
  }

  @Test func `sums in messages of their own are those of moments, of the gradient through them, and of losses`() throws {
    let model = try ModelEntry(TinyModel.self).configured()
    let plan = try Plan(model, options: RunOptions(model.run), data: Self.data, ranks: 1)
    // Batch norm of 16 channels: mean and variance, and in the generator's gradient two sums together. The critic has two losses.
    #expect(plan.phases[0].smallSums.sorted() == [4, 4, 64, 64])
    #expect(plan.phases[1].smallSums.sorted() == [4, 64, 64, 128])
  }

  /// Gain and bias of the generator's batch norm of 16 channels: their gradients are the two sums of its own small message.
  private static func normBytes(_ network: String) -> Int { network == "critic" ? 0 : 2 * 64 }

  @Test func `sums into parameters are released in the order of the backward pass, and are all of the gradient`() throws {
    let model = try ModelEntry(TinyModel.self).configured()
    for phase in try Plan(model, options: RunOptions(model.run), data: Self.data, ranks: 1).phases {
      let shares = phase.releases.map(\.share)
      #expect(shares == shares.sorted() && shares.allSatisfy { $0 > 0 && $0 <= 1 })
      // The critic sees real and generated images apart, so that each of its parameters has two sums.
      let uses = phase.network == "critic" ? 2 : 1
      #expect(phase.releases.reduce(0) { $0 + $1.bytes } == uses * phase.gradientBytes - Self.normBytes(phase.network), "\(phase.releases)")
    }
  }

  @Test func `a real step asks the ranks for the planned sums, and for gradients beside`() throws {
    let model = try ModelEntry(TinyModel.self).configured()
    var options = RunOptions(model.run)
    options.shards = 3
    let plan = try Plan(model, options: options, data: Self.data, ranks: 3)
    let recipe = try model.build(Self.data)
    for network in recipe.networks { network.store.allocate(seed: 1) }
    for (phase, planned) in zip(recipe.phases, plan.phases) {
      let group = CountingGroup(options.plan)
      let layout = BatchLayout(group)
      let images = Tensor.normal([layout.count, 4, 4, 1], key: RandomKey(seed: 1, purpose: 1, step: 0), layout: layout)
      let context = StepContext(seed: 1, step: 0, phase: phase.name, draw: 0, layout: layout, images: images, labels: nil)
      _ = phase.network.store.gradient { phase.loss(context) }.values
      var found = group.bytes
      for size in planned.smallSums {
        let index = try #require(found.firstIndex(of: size), "\(phase.name): \(planned.smallSums) planned, asked for \(group.bytes)")
        found.remove(at: index)
      }
      let parameters = planned.gradientBytes - Self.normBytes(planned.network)
      #expect(!found.isEmpty && found.reduce(0, +) >= parameters, "\(phase.name): \(group.bytes)")
    }
  }
}

/// The first of three ranks, which notes what it is asked to add, and takes its own sums for those of all.
@safe private final class CountingGroup: BatchGroup {
  let plan: ShardPlan
  let ownedShards = 0..<1
  private(set) var bytes: [Int] = []

  private let long = UnsafeMutablePointer<Float>.allocate(capacity: 1 << 16)
  private var longCount = 0
  private var read = 0

  init(_ plan: ShardPlan) { self.plan = plan }

  deinit { unsafe long.deallocate() }

  func sum(_ partials: UnsafeMutablePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>) {
    bytes.append(4 * count)
    if unsafe partials != result { unsafe result.update(from: partials, count: count) }
  }

  func send(_ partials: UnsafePointer<Float>, count: Int) -> Range<Int> {
    bytes.append(4 * count)
    unsafe (long + longCount).update(from: partials, count: count)
    defer { longCount += count }
    return longCount..<(longCount + count)
  }

  func longSums() -> UnsafePointer<Float> { unsafe UnsafePointer(long) }
  func flushLongSums() {}

  func forgetLongSums(count: Int) {
    read += count
    if read == longCount { (longCount, read) = (0, 0) }
  }
}
