import Adversarial
import Kernels
import Layers
import Sharding
import Tensors

/// One step of all phases on tensors that have shapes only: what it computes, holds and sums, without a number.
struct DryRun {
  /// The model, without parameters.
  let recipe: any Recipe
  /// What each phase costs.
  let phases: [Plan.Phase]
  /// The most bytes that tensors of the planned rank hold at once.
  let peak: Int

  /// A step of the rank that owns the shards `owned`.
  /// - Throws: `ModelError` when the model cannot be built, `RunError` when it is undefined for the batch.
  init(_ model: any ConfiguredModel, _ options: RunOptions, _ data: DataFormat, plan: ShardPlan, owned: Range<Int>) throws {
    let recipe = try model.build(data)
    try options.validate(for: recipe)
    let layout = BatchLayout(PlanningGroup(plan, owned: owned))
    let meter = MemoryMeter()
    phases = recipe.phases.enumerated().map { index, phase in
      let images = phase.needsData ? [layout.count, data.height, data.width, data.channels] : [0]
      let labels = phase.needsData ? data.classes.map { _ in Labels([Int32](repeating: 0, count: layout.count), layout: layout) } : nil
      func batch() -> Tensor { Tensor.abstract(images, layout: phase.needsData ? layout : nil) }
      let streams = recipe.streams.map { ($0.name, RealBatch(images: batch(), labels: labels)) }
      let context = StepContext(
        seed: options.seed, step: 0, phase: phase.name, draw: 0, layout: layout, images: batch(), labels: labels,
        streams: phase.needsData ? Dictionary(uniqueKeysWithValues: streams) : [:])
      let before = recipe.phases[(index + recipe.phases.count - 1) % recipe.phases.count].network
      let observer = PlanObserver(meter, awaited: before.store.name)
      _ = Observation.observing(observer) {
        phase.network.store.gradient {
          let loss = phase.loss(context)
          observer.endForward()
          return loss
        }
      }
      return Plan.Phase(
        name: phase.name, network: phase.network.store.name, updates: phase.times(0) * options.accumulation,
        reductions: phase.times(0), readsImages: phase.needsData, parameters: phase.network.store.parameterCount,
        forwardFlops: observer.forward,
        backwardFlops: observer.flops - observer.forward, leadingFlops: observer.leading ?? observer.forward,
        smallSums: observer.sums.smallSums, releases: observer.releases)
    }
    self.recipe = recipe
    peak = meter.peak
  }
}

/// Shards of one rank of a run that is only planned.
private final class PlanningGroup: BatchGroup {
  let plan: ShardPlan
  let ownedShards: Range<Int>

  init(_ plan: ShardPlan, owned: Range<Int>) {
    self.plan = plan
    ownedShards = owned
  }

  func sum(_ partials: UnsafeMutablePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>) { withoutNumbers() }
  func send(_ partials: UnsafePointer<Float>, count: Int) -> Range<Int> { withoutNumbers() }
  func flushLongSums() { withoutNumbers() }
  func longSums() -> UnsafePointer<Float> { withoutNumbers() }
  func forgetLongSums(count: Int) { withoutNumbers() }

  private func withoutNumbers() -> Never { preconditionFailure("DryRun: a planning run has no numbers to add") }
}

private final class PlanObserver: PrimitiveObserver {
  let meter: MemoryMeter?
  private(set) var flops = 0.0
  /// Operations of the loss itself.
  private(set) var forward = 0.0
  /// Operations before the awaited network was first read.
  private(set) var leading: Double?
  private(set) var sums = BatchSums()
  private let awaited: String

  /// The sums into parameters, each with the share of the gradient's operations after which it is there.
  var releases: [Plan.Release] {
    let backward = max(flops - forward, 1)
    return sums.released.map { Plan.Release(bytes: $0.bytes, share: ($0.flops - forward) / backward) }
  }

  init(_ meter: MemoryMeter, awaited: String) {
    self.meter = meter
    self.awaited = awaited
  }

  func endForward() {
    forward = flops
    sums.isForward = false
  }

  func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) {
    let path = Observation.path
    if leading == nil && (path == awaited || path.hasPrefix(awaited + ".")) { leading = flops }
    flops += primitive.flops(inputs.map(\.shape), output.shape)
    sums.note(primitive, inputs, output, flops: flops)
  }

  func didPlan(flops: Double) { self.flops += flops }
}

/// Which sums over the batch must cross the ranks at once, each in a message of its own.
///
/// A sum that goes back into the samples (moments of batch norm, relativistic means) cannot wait, nor can a single number that the loss
/// is computed from. All others are gradients of parameters, which cross together.
private struct BatchSums {
  /// Whether the loss itself is being computed, not its gradient.
  var isForward = true
  private var sizes: [Int] = []
  private var isSmall: [Bool] = []
  /// Operations before each one of a gradient; nil for those of a loss.
  private var times: [Double?] = []
  /// The sums that a replicated tensor depends on, by its memory.
  private var origins: [ObjectIdentifier: Set<Int>] = [:]
  private var fused: [Int] = []

  /// Bytes of each.
  var smallSums: [Int] { fused + zip(sizes, isSmall).filter(\.1).map(\.0) }

  /// Bytes of all others of the gradient, and the operations before each.
  var released: [(bytes: Int, flops: Double)] {
    sizes.indices.compactMap { index in isSmall[index] ? nil : times[index].map { (sizes[index], $0) } }
  }

  mutating func note(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor, flops: Double) {
    if primitive is Standardize {
      // Sums inside the fused kernel, which a shape-only run does not enter: mean, variance, and in the gradient both sums together.
      let channels = 4 * (inputs[0].shape.last ?? 0)
      fused += inputs[0].isTracked ? [channels, channels, 2 * channels] : [channels, channels]
    }
    var found: Set<Int> = []
    for input in inputs { if let memory = Self.memory(input), input.layout == nil { found.formUnion(origins[memory] ?? []) } }
    let meetsSamples = inputs.contains { $0.layout != nil } || output.layout != nil
    for sum in found where meetsSamples || isForward && sizes[sum] == 4 { isSmall[sum] = true }
    guard let memory = Self.memory(output) else { return }
    // Memory is used again: what was known of its former tenant is forgotten.
    if output.layout != nil {
      origins[memory] = nil
    } else if primitive.sumsBatch(inputs) {
      origins[memory] = [sizes.count]
      sizes.append(output.shape.reduce(4, *))
      isSmall.append(false)
      times.append(isForward ? nil : flops)
    } else {
      origins[memory] = found
    }
  }

  private static func memory(_ tensor: Tensor) -> ObjectIdentifier? {
    if case .abstract(let shadow?) = tensor.content { ObjectIdentifier(shadow) } else { nil }
  }
}
