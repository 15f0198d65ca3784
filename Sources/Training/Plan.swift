public import Adversarial
import Layers
import Optimization
import Sharding

/// What a run will cost, found by running one step on tensors that have shapes only.
public struct Plan: Sendable, Equatable {
  /// A network's name and number of parameters.
  public struct Network: Sendable, Equatable {
    /// Name of the network.
    public let name: String
    /// Learned floats.
    public let parameters: Int
  }

  /// A sum into parameters that is ready to cross the ranks.
  public struct Release: Sendable, Equatable {
    /// Bytes of the sum.
    public var bytes: Int
    /// Share of the backward pass that is done then.
    public var share: Double
  }

  /// What one phase of a step computes and sums, over the whole batch.
  public struct Phase: Sendable, Equatable {
    /// Name of the phase.
    public var name: String
    /// Name of the network it updates.
    public var network: String
    /// Gradients computed in a step: updates times accumulation parts.
    public var updates: Int
    /// Gradients that cross the ranks in a step: the parts of a batch are added before.
    public var reductions: Int
    /// Whether each of them reads a batch of real images.
    public var readsImages: Bool
    /// Learned floats of the network.
    public var parameters: Int
    /// Floating-point operations of the loss, for one gradient.
    public var forwardFlops: Double
    /// Floating-point operations of its gradient.
    public var backwardFlops: Double
    /// Those of `forwardFlops` that come before the network which the phase before updated is first read.
    public var leadingFlops: Double
    /// Bytes of each sum over the batch that crosses the ranks in a message of its own, for one gradient.
    public var smallSums: [Int]
    /// When the sums into parameters are ready, in order.
    public var releases: [Release]

    /// A phase of these numbers.
    public init(
      name: String, network: String, updates: Int, reductions: Int, readsImages: Bool, parameters: Int, forwardFlops: Double,
      backwardFlops: Double,
      leadingFlops: Double, smallSums: [Int], releases: [Release] = []
    ) {
      self.name = name
      self.network = network
      self.updates = updates
      self.reductions = reductions
      self.readsImages = readsImages
      self.parameters = parameters
      self.forwardFlops = forwardFlops
      self.backwardFlops = backwardFlops
      self.leadingFlops = leadingFlops
      self.smallSums = smallSums
      self.releases = releases
    }

    /// Floating-point operations of one gradient.
    public var flops: Double { forwardFlops + backwardFlops }
    /// Bytes of one gradient.
    public var gradientBytes: Int { 4 * parameters }
  }

  /// The networks.
  public let networks: [Network]
  /// The phases of a step, in order.
  public let phases: [Phase]
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
  ///   - model: the model with its options.
  ///   - options: the run's options.
  ///   - data: size, channels and classes of the data.
  ///   - ranks: number of ranks; the first one's share of the batch is planned.
  /// - Throws: `ModelError` when the model cannot be built.
  public init(_ model: any ConfiguredModel, options: RunOptions, data: DataFormat, ranks: Int) throws {
    let plan = options.plan
    let whole = try DryRun(model, options, data, plan: plan, owned: 0..<plan.shardCount)
    let share = ranks == 1 ? whole : try DryRun(model, options, data, plan: plan, owned: plan.shards(ofRank: 0, of: ranks))
    phases = whole.phases
    flopsPerStep = phases.reduce(0) { $0 + Double($1.updates) * $1.flops }
    activationBytesPerRank = share.peak
    let recipe = whole.recipe
    networks = recipe.networks.map { Network(name: $0.store.name, parameters: $0.store.parameterCount) }
    reducedBytesPerStep = ranks == 1 ? 0 : phases.reduce(0) { $0 + $1.reductions * $1.gradientBytes }
    stateBytesPerRank = recipe.networks.reduce(0) { sum, network in
      let averages = network.average == nil ? 0 : 1
      let buffers = network.store.buffers.reduce(0) { $0 + $1.count }
      let moments = type(of: network.optimizer as any Optimizer).momentCount
      // Parameters, gradient and moments; the average keeps parameters and buffers of its own.
      return sum + 4 * (network.store.parameterCount * (2 + moments + averages) + buffers * (1 + averages))
    }
  }
}
