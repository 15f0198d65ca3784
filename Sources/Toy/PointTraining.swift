public import Adversarial
public import Kernels
import Layers
import Optimization
import Sharding
public import Tensors

/// Plays a model's game in one process, on points that are drawn afresh for every loss.
///
/// Not the trainer of runs: that one reads finite sets of 8-bit images in an order that its checkpoints keep, and 256 steps are too coarse
/// for points whose modes are 0.025 wide on a plane 3 wide. A step is the same: the model's phases, each an update by the gradient of its loss. The same
/// seed gives the same bits on any number of threads.
public final class PointTraining {
  /// The model at work.
  public let recipe: any Recipe
  /// Steps done.
  public private(set) var step = 0
  private let seed: UInt64
  private let layout: BatchLayout
  private let points: (RandomKey, BatchLayout) -> Tensor
  private var drawn: UInt64 = 0

  /// Draws the first parameters of `recipe`.
  /// - Parameters:
  ///   - recipe: the model, not yet allocated.
  ///   - seed: seed of everything random.
  ///   - batch: points for each loss.
  ///   - points: the real points `[batch, 1, 1, coordinates]` of a random stream.
  public init(_ recipe: any Recipe, seed: UInt64, batch: Int, points: @escaping (RandomKey, BatchLayout) -> Tensor) {
    self.recipe = recipe
    self.seed = seed
    self.points = points
    layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: batch, shardCount: min(8, batch))))
    for network in recipe.networks { network.store.allocate(seed: seed) }
  }

  /// One step: all phases.
  /// - Returns: the name of the first loss that is not a finite number, after which nothing more can be learned; nil when all are.
  public func performStep() -> String? {
    defer { step += 1 }
    for phase in recipe.phases {
      for repetition in 0..<phase.times(step) {
        let context = StepContext(
          seed: seed, step: step, phase: phase.name, draw: repetition, layout: layout,
          images: phase.needsData ? nextPoints() : Tensor([], shape: [0]), labels: nil)
        let losses = phase.network.store.gradient(parts: 1) { _ in
          phase.loss(context)
        } then: { [step] in
          phase.network.update(step: step)
        }
        if !losses[0].scalar.isFinite { return phase.name }
      }
    }
    return nil
  }

  /// Generated points, one row of coordinates after the other: by the generator's averaged weights, if the model keeps an average.
  public func samples(_ count: Int) -> [Float] {
    let key = RandomKey(seed: seed, purpose: textHash("toy samples"), step: 0)
    let request = SampleRequest(latent: Tensor.normal([count, recipe.sampling.latentSize], key: key), labels: nil)
    let generator = recipe.networks[0]
    guard let average = generator.average?.allocated else { return recipe.sample(request).values }
    return generator.store.using(values: average.values, buffers: average.buffers) { recipe.sample(request).values }
  }

  /// Real points that no loss sees.
  public func realPoints(_ count: Int) -> [Float] {
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: count, shardCount: 1)))
    return points(RandomKey(seed: seed, purpose: textHash("toy shown"), step: 0), layout).values
  }

  private func nextPoints() -> Tensor {
    defer { drawn += 1 }
    return points(RandomKey(seed: seed, purpose: textHash("toy points"), step: drawn), layout)
  }
}
