/// Hands out one rank's share of consecutive global batches, read ahead by a thread of its own.
///
/// Positions count samples over the endless sequence of epochs; the batch after position `p` is `p..<p + batch`, and a rank gets the
/// part of it that `samples` says. Which images those are is `SampleOrder`'s: a function of seed and position alone. The position is
/// therefore the whole state. Steps that take several batches call `next()` several times.
public final class BatchLoader: Sendable {
  /// Number of images in a global batch.
  public let batch: Int
  /// Part of each global batch that is handed out.
  public let samples: Range<Int>
  /// The order of the images.
  public let order: SampleOrder
  private let queue: BatchQueue

  /// A loader of a source.
  /// - Parameters:
  ///   - source: the images.
  ///   - seed: key of the order and of the mirroring.
  ///   - batch: number of images in a global batch.
  ///   - samples: part of each batch that this rank gets; `nil` for all of it.
  ///   - flips: whether each image is mirrored left to right with probability one half.
  ///   - position: global position of the first image of the first batch.
  ///   - depth: number of batches read ahead.
  /// - Precondition: `batch` and `depth` are positive, `samples` lies in `0..<batch`.
  public init(
    _ source: any ImageSource, seed: UInt64, batch: Int, samples: Range<Int>? = nil, flips: Bool = false, from position: Int = 0,
    depth: Int = 2
  ) {
    let samples = samples ?? 0..<batch
    precondition(batch > 0 && depth > 0 && position >= 0, "BatchLoader: batch \(batch), depth \(depth), position \(position)")
    precondition(samples.lowerBound >= 0 && samples.upperBound <= batch, "BatchLoader: samples \(samples) of a batch of \(batch)")
    self.batch = batch
    self.samples = samples
    let order = SampleOrder(count: source.count, seed: seed)
    self.order = order
    queue = BatchQueue(depth: depth, step: batch, from: position) { start in
      try ImageBatch(
        (start + samples.lowerBound)..<(start + samples.upperBound), of: source, order: order, flips: flips)
    }
  }

  /// Global position of the first image of the batch that `next()` will give; with the seed, all there is to save.
  public var position: Int { queue.position }

  /// The next batch; waits until it is read.
  /// - Throws: `DatasetError` when an image cannot be had, and again at each call until `seek(to:)`.
  public func next() throws -> ImageBatch { try queue.next() }

  /// Goes to a global position, forth or back.
  /// - Precondition: `position` is not negative.
  public func seek(to position: Int) {
    precondition(position >= 0, "BatchLoader: seek to \(position)")
    queue.seek(to: position)
  }

  deinit { queue.stop() }
}
