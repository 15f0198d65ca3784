public import Kernels
public import Layers
public import Tensors

/// What a loss sees of the step it is computed in.
public final class StepContext {
  /// Step number from 0.
  public let step: Int
  /// Shards of the global batch.
  public let layout: BatchLayout
  /// Real images `[batch, height, width, channels]` in [-1, 1]; empty in a phase without data.
  public let images: Tensor
  /// Classes of the real images; nil for data without labels.
  public let labels: Labels?
  /// Scalars for the log, in the order of `report`.
  public private(set) var reports: [(name: String, value: Tensor)] = []

  /// Evaluations whose gradients make one update: parts of an accumulated batch.
  public let parts: Int

  private let streams: [String: RealBatch]
  private let seed: UInt64
  private let stream: UInt64

  /// A context of one loss evaluation.
  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - step: step of the run, from 0.
  ///   - phase: name of the phase; its random streams are keyed by it.
  ///   - draw: number of this evaluation within the phase and step: repetitions and accumulation steps count on.
  ///   - parts: evaluations whose gradients make one update.
  ///   - layout: which samples of the global batch are here.
  ///   - images: real images `[batch, height, width, channels]` in [-1, 1].
  ///   - labels: their classes, nil without.
  ///   - streams: batches of the model's further streams, by name.
  public init(
    seed: UInt64, step: Int, phase: String, draw: Int, parts: Int = 1, layout: BatchLayout, images: Tensor, labels: Labels?,
    streams: [String: RealBatch] = [:]
  ) {
    self.parts = parts
    self.streams = streams
    self.seed = seed
    self.step = step
    self.layout = layout
    self.images = images
    self.labels = labels
    stream = mixed(textHash(phase) &+ UInt64(draw))
  }

  /// The batch of a further stream that the model has named; in a phase that reads images.
  public func batch(of name: String) -> RealBatch {
    guard let batch = streams[name] else {
      preconditionFailure("StepContext: no images of a stream \(name); known ones: \(streams.keys.sorted().joined(separator: ", "))")
    }
    return batch
  }

  /// Logs a scalar under `name`.
  public func report(_ name: String, _ value: Tensor) { reports.append((name, value.detached)) }

  /// The random stream `purpose` of this evaluation: row i of what it fills depends on the global sample index only.
  public func key(_ purpose: String) -> RandomKey { RandomKey(seed: seed, purpose: textHash(purpose) ^ stream, step: UInt64(step)) }

  /// Standard normal latent vectors `[batch, size]` of the stream `purpose`.
  public func normalLatent(_ size: Int, _ purpose: String = "latent") -> Tensor {
    if images.isAbstract { return Tensor.abstract([layout.count, size], layout: layout) }
    return Tensor.normal([layout.count, size], key: key(purpose), layout: layout)
  }

  /// Uniform latent vectors `[batch, size]` in [-1, 1) of the stream `purpose`.
  public func uniformLatent(_ size: Int, _ purpose: String = "latent") -> Tensor {
    if images.isAbstract { return Tensor.abstract([layout.count, size], layout: layout) }
    return Tensor.uniform([layout.count, size], from: -1, to: 1, key: key(purpose), layout: layout)
  }

  /// Uniformly drawn classes.
  public func randomLabels(classes: Int) -> Labels {
    let key = key("labels")
    let drawn = (0..<layout.count).map { row in
      let bits = UInt64(Kernels.randomBits(key, row: layout.firstSample + row, index: 0))
      return Int32((bits * UInt64(classes)) >> 32)
    }
    return Labels(drawn, layout: layout)
  }
}
