internal import Foundation
internal import Synchronization

/// The thread that adds pieces one after the other.
///
/// Sound as `Sendable`: what varies is touched only while `condition` is locked, or is atomic. The sender calls `way` at the same time, but
/// never its `sum`, and stays out of the blocks that `sum` reads until it has counted them as summed.
final class ChunkCarrier: @unchecked Sendable {
  private let way: any ChunkWay
  private let condition = NSCondition()
  private var waiting: [SumChunk] = []
  private var isStopped = false
  private var failure: (any Error)?
  private let failed = Atomic<Bool>(false)
  private let nanoseconds = Atomic<Int>(0)

  init(_ way: any ChunkWay) { self.way = way }

  var hasFailed: Bool { failed.load(ordering: .acquiring) }
  var seconds: Double { Double(nanoseconds.load(ordering: .relaxed)) * 1e-9 }

  func start() {
    let thread = Thread { [self] in
      while let chunk = next() {
        do {
          try carry(chunk)
        } catch {
          condition.withLock { failure = error }
          failed.store(true, ordering: .releasing)
          // Later pieces would be out of step with those of other ranks.
          return
        }
      }
    }
    thread.name = "sums"
    thread.start()
  }

  func stop() {
    condition.withLock {
      isStopped = true
      condition.signal()
    }
  }

  func add(_ chunk: SumChunk) {
    condition.withLock {
      waiting.append(chunk)
      condition.signal()
    }
  }

  func check() throws {
    guard hasFailed else { return }
    if let failure = condition.withLock({ failure }) { throw failure }
  }

  func carry(_ chunk: SumChunk) throws {
    Patience.wait { way.isPublished(chunk.number) }
    let start = ContinuousClock.now
    try way.sum(chunk)
    nanoseconds.add(Int(start.duration(to: .now) / .nanoseconds(1)), ordering: .relaxed)
  }

  private func next() -> SumChunk? {
    condition.withLock {
      while waiting.isEmpty && !isStopped { condition.wait() }
      return waiting.isEmpty ? nil : waiting.removeFirst()
    }
  }
}
