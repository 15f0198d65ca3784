internal import Foundation

/// Batches made ahead of their use by a thread.
///
/// Sound as `Sendable`: everything that varies is touched only while `condition` is locked.
final class BatchQueue: @unchecked Sendable {
  private let condition = NSCondition()
  private let depth: Int
  private let step: Int
  private let make: @Sendable (Int) throws -> ImageBatch
  private var ready: [Result<ImageBatch, any Error>] = []
  private var nextPosition: Int
  private var generation = 0
  private var isStopped = false

  /// Starts the thread.
  /// - Parameters:
  ///   - depth: number of batches kept ready.
  ///   - step: distance between the positions of two batches.
  ///   - make: makes the batch at a position; called from the thread.
  init(depth: Int, step: Int, from position: Int, make: @escaping @Sendable (Int) throws -> ImageBatch) {
    self.depth = depth
    self.step = step
    self.make = make
    nextPosition = position
    let thread = Thread { [self] in
      while let (position, generation) = awaitDemand() {
        let result = Result { try make(position) }
        deliver(result, of: generation)
      }
    }
    thread.name = "data"
    thread.start()
  }

  /// Position of the batch that `next()` will give.
  var position: Int { condition.withLock { nextPosition } }

  /// Takes the next batch; waits for it. A failure stays until `seek(to:)`.
  func next() throws -> ImageBatch {
    let result = condition.withLock {
      while ready.isEmpty { condition.wait() }
      let result = ready[0]
      if case .success = result {
        ready.removeFirst()
        nextPosition += step
        condition.broadcast()
      }
      return result
    }
    return try result.get()
  }

  /// Drops what was made ahead and goes on at another position.
  func seek(to position: Int) {
    condition.withLock {
      nextPosition = position
      ready = []
      generation += 1
      condition.broadcast()
    }
  }

  /// Ends the thread after the batch it is making.
  func stop() {
    condition.withLock {
      isStopped = true
      ready = []
      condition.broadcast()
    }
  }

  /// Waits for room; where to make the next batch, or `nil` at the end.
  private func awaitDemand() -> (position: Int, generation: Int)? {
    condition.withLock {
      while !isStopped && (ready.count >= depth || hasFailed) { condition.wait() }
      return isStopped ? nil : (nextPosition + ready.count * step, generation)
    }
  }

  /// Keeps a batch, unless the loader has gone elsewhere meanwhile.
  private func deliver(_ result: Result<ImageBatch, any Error>, of generation: Int) {
    condition.withLock {
      guard generation == self.generation else { return }
      ready.append(result)
      condition.broadcast()
    }
  }

  private var hasFailed: Bool {
    if case .failure = ready.last { true } else { false }
  }
}
