public import Adversarial
public import Communication
public import Datasets
import Glibc
import Layers
import Optimization
import Sharding
import Tensors

/// Runs any recipe: draws batches, computes losses, updates networks, writes checkpoints. Knows no model and prints nothing.
public final class Trainer {
  /// How a run ended.
  public enum Outcome: Sendable, Equatable {
    /// All steps are done.
    case finished
    /// A signal asked to leave; a checkpoint was written.
    case preempted
  }

  /// The model at work.
  public let recipe: any Recipe
  /// The run's options.
  public let options: RunOptions
  /// Model, data and options: what the bits depend on.
  public let identity: [NamedValue]
  /// The format the model was built for.
  public let format: DataFormat
  /// Steps done.
  public private(set) var step = 0
  /// The ranks.
  public let communicator: any Communicator
  /// The images.
  public let source: any ImageSource

  /// What the user should know about how the ranks work together.
  public let notes: [String]

  /// Seconds that gradients took to cross the ranks, and that this rank waited for them.
  public var communicationTimes: LongSums.Times { group.times }

  /// Whether each wait for other ranks is kept, which takes memory in every step.
  public var recordsWaits: Bool {
    get { group.recordsWaits }
    set { group.recordsWaits = newValue }
  }

  /// The waits since `recordsWaits` was set.
  public var waits: Waits { group.waits }

  private let group: CommunicatorGroup
  private let layout: BatchLayout
  private let loader: BatchLoader
  /// Readers of the model's further streams; each is read as often as the data set, so they stand at its position.
  private let streams: [(name: String, loader: BatchLoader)]

  /// Builds the model for the data and draws its first parameters, as `init(_:communicator:)` does of what was prepared.
  /// - Throws: what `PreparedRun` and `init(_:communicator:)` throw.
  public convenience init(
    _ model: any ConfiguredModel, options: RunOptions, source: any ImageSource, communicator: any Communicator
  ) throws {
    try self.init(PreparedRun(model, options: options, source: source, ranks: communicator.size), communicator: communicator)
  }

  /// Makes the memory of the model, in part with the other ranks, and draws its first parameters.
  /// - Throws: `CommunicationError` when ranks cannot meet. Others may not know of it and wait: whoever catches it ends them all.
  public init(_ run: PreparedRun, communicator: any Communicator) throws {
    (recipe, options, source, format, identity) = (run.recipe, run.options, run.source, run.format, run.identity)
    self.communicator = communicator
    let plan = options.plan
    let home = try SharedHome(recipe, communicator, options)
    notes = home.notes + recipe.notes
    group = try CommunicatorGroup(
      communicator, plan: plan, capacity: home.longestGradient, reduction: options.reduction, wire: options.wire,
      lending: home.lendsPartials)
    layout = BatchLayout(group)
    let samples = group.plan.samples(ofRank: communicator.rank, of: communicator.size)
    func reader(_ source: any ImageSource) -> BatchLoader {
      BatchLoader(source, seed: run.options.seed, batch: run.options.batch, samples: samples, flips: run.options.flips)
    }
    loader = reader(run.source)
    streams = run.streams.map { ($0.name, reader($0.source)) }
    for network in recipe.networks {
      network.store.allocate(seed: options.seed, in: home.memory)
      // Memory that ranks share is asked for by all of them at the same point.
      _ = network.optimizer.state
    }
  }

  /// Goes on from a checkpoint.
  /// - Throws: `RunError`: 65 with every difference when other options made it, 66 when it cannot be read.
  public func restore(from path: String) throws {
    let header = try Checkpoint.header(at: path)
    let differences = RunOptions.differences(from: header.identity, to: identity)
    guard differences.isEmpty else {
      throw RunError(.mismatch, "\(path) belongs to another run: \(differences.joined(separator: "; ")); start a new run with --output")
    }
    try Checkpoint.load(recipe, from: path, includingShared: communicator.localRank == 0)
    step = header.step
    for loader in [loader] + streams.map(\.loader) { loader.seek(to: header.position) }
  }

  /// Trains up to `options.steps`.
  /// - Throws: `RunError`: 74 when a checkpoint cannot be written, 77 when ranks differ, 78 when a loss is no number, or anything that a
  ///   checkpoint would hold, or in a debug run the result of a primitive.
  public func train(checkpoints: CheckpointDirectory?, observer: any RunObserver) throws -> Outcome {
    try broadcastParameters()
    let sampler = Sampler(recipe, format: format, seed: options.seed, batch: min(options.batch, 64))
    var clock = CheckpointClock(options.checkpointEvery)
    while step < options.steps {
      let record = try performStep()
      try observer.stepDone(record)
      let requests = try communicator.combineFlags(Signals.take() | clock.request(after: step, isLeader: communicator.rank == 0))
      let leaves = requests & Signals.leave != 0 && step < options.steps
      if requests & (Signals.checkpoint | CheckpointClock.due) != 0 || step == options.steps {
        try writeCheckpoint(checkpoints, observer)
        clock.restart()
      }
      if leaves { return .preempted }
      if communicator.rank == 0 && step < options.steps && options.sampleEvery > 0 && step % options.sampleEvery == 0 {
        try observer.samplesDue(step: step, sampler)
      }
    }
    if communicator.rank == 0 { try observer.samplesDue(step: step, sampler) }
    return .finished
  }

  // MARK: One step

  /// All phases of one step: for each update the losses of its accumulation parts, one step of the optimizer, one of the average.
  func performStep() throws -> StepRecord {
    group.step = step
    let start = ContinuousClock.now
    var losses = LossMeans()
    var images = 0
    let isExamined = options.healthEvery > 0 && (step + 1) % options.healthEvery == 0
    var examined: StepContext?
    for phase in recipe.phases {
      let network = phase.network
      for repetition in 0..<phase.times(step) {
        var reports: [(name: String, value: Tensor)] = []
        _ = try network.store.gradient(parts: options.accumulation) { part in
          let context = try context(phase, draw: repetition * options.accumulation + part)
          if phase.needsData { images += options.batch }
          if phase.needsData && isExamined { examined = context }
          let loss = try checking(phase) { phase.loss(context) }
          reports += [(phase.name, loss.detached)] + context.reports.map { ("\(phase.name) \($0.name)", $0.value) }
          return loss * (1 / Float(options.accumulation))
        } then: { [step] in
          // Nobody may still read the numbers that are about to change, nor read on before all are new.
          network.store.barrier()
          network.update(step: step)
          network.store.barrier()
        }
        for (name, value) in reports { try losses.add(name, value.scalar, step: step) }
      }
    }
    for network in recipe.networks { network.store.settle() }
    let health = examined.flatMap(health)
    step += 1
    let seconds = start.duration(to: .now) / .seconds(1)
    let place = loader.order.place(of: loader.position)
    return StepRecord(
      step: step, steps: options.steps, losses: losses.means, images: images, seconds: seconds, epoch: place.epoch,
      position: loader.position, health: health)
  }

  /// The health of a model that can tell, on real images that the step read; its random streams are no phase's.
  private func health(_ real: StepContext) -> Health? {
    guard let model = recipe as? any Examined else { return nil }
    let context = StepContext(
      seed: options.seed, step: step, phase: "health", draw: 0, layout: layout, images: real.images, labels: real.labels)
    return model.health(context)
  }

  /// Runs `body`; in a debug run with every primitive checked, so that the run stops where a number first goes wrong.
  private func checking<R>(_ phase: Phase, _ body: () -> R) throws -> R {
    guard options.isDebug else { return body() }
    let observer = DebugObserver()
    let result = Observation.observing(observer, body)
    if let found = observer.found { throw RunError(.notANumber, "step \(step): \(phase.name): \(found)") }
    return result
  }

  private func context(_ phase: Phase, draw: Int) throws -> StepContext {
    guard phase.needsData else {
      return StepContext(
        seed: options.seed, step: step, phase: phase.name, draw: draw, parts: options.accumulation, layout: layout,
        images: Tensor([], shape: [0]), labels: nil)
    }
    let batch = try read(loader)
    let further = try streams.map { ($0.name, try read($0.loader)) }
    return StepContext(
      seed: options.seed, step: step, phase: phase.name, draw: draw, parts: options.accumulation, layout: layout, images: batch.images,
      labels: batch.labels, streams: Dictionary(uniqueKeysWithValues: further))
  }

  /// The next batch of a reader.
  private func read(_ loader: BatchLoader) throws -> RealBatch {
    let batch: ImageBatch
    do {
      batch = try loader.next()
    } catch {
      throw RunError(.inputOutput, "reading images \(loader.position)… of \(source.name): \(error)")
    }
    let images = Tensor(rows: batch.images, shape: [batch.count, format.height, format.width, format.channels], layout: layout)
    return RealBatch(images: images, labels: format.classes == nil ? nil : Labels(batch.labels, layout: layout))
  }

  // MARK: Ranks and files

  /// All ranks drew or read the same numbers; rank 0's are given to all once, so that a damaged copy cannot live on.
  private func broadcastParameters() throws {
    guard communicator.size > 1 else { return }
    for array in recipe.stateArrays() {
      let bytes = unsafe UnsafeMutableRawBufferPointer(array.buffer)
      if array.memory.isShared {
        try unsafe communicator.broadcastToHosts(bytes)
      } else {
        try unsafe communicator.broadcast(bytes, from: 0)
      }
    }
  }

  /// The attributes of a checkpoint of this moment.
  public func header() -> CheckpointHeader {
    CheckpointHeader(
      identity: identity, step: step, steps: options.steps, position: loader.position,
      updates: recipe.networks.map { NamedValue($0.store.name, "\($0.optimizer.updateCount)") },
      parameterHash: hashText(recipe.parameterHash()),
      classNames: recipe.sampling.classNames ?? (format.classes == nil ? [] : source.classNames ?? []),
      environment: Machine.description, format: [format.height, format.width, format.channels, format.classes ?? 0])
  }

  /// What a checkpoint must not hold: numbers that differ between ranks, or that the last update spoilt. A loss shows the latter one
  /// step later, when a sound checkpoint would already have been pruned for this one.
  private func checkState() throws {
    for network in recipe.networks {
      let arrays = network.stateArrays()
      guard try communicator.allEqual(StateArray.hash(arrays)) else {
        throw RunError(
          .replicasDiffer,
          "step \(step): ranks hold different numbers of network \(network.store.name); resume from the last checkpoint")
      }
      for array in arrays {
        guard let index = array.firstNonFinite else { continue }
        throw RunError(
          .notANumber,
          "step \(step): \(array.name) is \(unsafe array.buffer[index]) at element \(index) of shape \(array.shape), so no checkpoint is "
            + "written; resume from the last one with lower learning rates, or with --debug to see where it arises")
      }
    }
  }

  private func writeCheckpoint(_ checkpoints: CheckpointDirectory?, _ observer: any RunObserver) throws {
    try checkState()
    guard let checkpoints else { return }
    var failure: (any Error)?
    if communicator.rank == 0 {
      do {
        try Checkpoint.write(header(), recipe, to: checkpoints.file(step: step))
        checkpoints.prune(keep: options.keep)
      } catch {
        failure = error
      }
    }
    let failed = try communicator.combineFlags(failure == nil ? 0 : 1) != 0
    if let failure { throw failure }
    if failed { throw RunError(.inputOutput, "step \(step): rank 0 could not write the checkpoint") }
    try observer.checkpointWritten(checkpoints.file(step: step), step: step)
  }
}
