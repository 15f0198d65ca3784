public import Adversarial
import Glibc
import Layers
import Optimization
import Sharding
import Tensors

/// What a run will cost, found by running one step on tensors that have shapes only.
public struct Plan: Sendable, Equatable {
  /// A network's name and number of parameters.
  public struct Network: Sendable, Equatable {
    /// Name of the network.
    public let name: String
    /// Learned floats.
    public let parameters: Int
  }

  /// The networks.
  public let networks: [Network]
  /// Floating-point operations of one step over the whole batch, all phases, updates and accumulation parts.
  public let flopsPerStep: Double
  /// Largest amount of memory that tensors of one rank hold at once, in bytes.
  public let activationBytesPerRank: Int
  /// Parameters, buffers, gradients, averages and optimizer state, in bytes; the ranks of a host share them.
  public let stateBytesPerRank: Int
  /// Bytes of gradients that cross the ranks in one step.
  public let reducedBytesPerStep: Int

  /// The plan of `model` for this data and these options.
  /// - Parameters:
  ///   - ranks: number of ranks; the first one's share of the batch is planned.
  /// - Throws: `ModelError` when the model cannot be built.
  public init(_ model: any ConfiguredModel, options: RunOptions, data: DataFormat, ranks: Int) throws {
    let plan = ShardPlan(batch: options.batch, shardCount: options.shards)
    let whole = try Self.dryStep(model, options, data, PlanningGroup(plan, owned: 0..<plan.shardCount))
    let share = ranks == 1 ? whole : try Self.dryStep(model, options, data, PlanningGroup(plan, owned: plan.shards(ofRank: 0, of: ranks)))
    flopsPerStep = whole.observer.flops
    activationBytesPerRank = share.observer.peak
    let recipe = whole.recipe
    networks = recipe.networks.map { Network(name: $0.store.name, parameters: $0.store.parameterCount) }
    reducedBytesPerStep =
      ranks == 1 ? 0 : recipe.phases.reduce(0) { $0 + $1.times(0) * options.accumulation * $1.network.store.parameterCount * 4 }
    stateBytesPerRank = recipe.networks.reduce(0) { sum, network in
      let averages = network.average == nil ? 0 : 1
      let buffers = network.store.buffers.reduce(0) { $0 + $1.count }
      let moments = type(of: network.optimizer as any Optimizer).momentCount
      // Parameters, gradient and moments; the average keeps parameters and buffers of its own.
      return sum + 4 * (network.store.parameterCount * (2 + moments + averages) + buffers * (1 + averages))
    }
  }

  /// One step of all phases on shape-only tensors.
  private static func dryStep(
    _ model: any ConfiguredModel, _ options: RunOptions, _ data: DataFormat, _ group: PlanningGroup
  ) throws -> (recipe: any Recipe, observer: PlanObserver) {
    let recipe = try model.build(data)
    let layout = BatchLayout(group)
    let observer = PlanObserver()
    for phase in recipe.phases {
      let updates = Double(phase.times(0) * options.accumulation)
      let before = observer.flops
      let images = phase.needsData ? [layout.count, data.height, data.width, data.channels] : [0]
      let labels = phase.needsData ? data.classes.map { _ in Labels([Int32](repeating: 0, count: layout.count), layout: layout) } : nil
      let context = StepContext(
        seed: options.seed, step: 0, phase: phase.name, draw: 0, layout: layout,
        images: Tensor.abstract(images, layout: phase.needsData ? layout : nil), labels: labels)
      _ = Observation.observing(observer) { phase.network.store.gradient { phase.loss(context) } }
      observer.flops = before + (observer.flops - before) * updates
    }
    return (recipe, observer)
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
  func longSums() -> UnsafePointer<Float> { withoutNumbers() }
  func forgetLongSums() { withoutNumbers() }

  private func withoutNumbers() -> Never { preconditionFailure("Plan: a planning run has no numbers to add") }
}

private final class PlanObserver: PrimitiveObserver {
  var flops = 0.0
  let meter: MemoryMeter? = MemoryMeter()
  var peak: Int { meter?.peak ?? 0 }

  func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) {
    flops += primitive.flops(inputs.map(\.shape), output.shape)
  }
}
