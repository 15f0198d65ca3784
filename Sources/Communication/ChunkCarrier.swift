internal import Foundation
internal import Synchronization

/// The thread that adds pieces in the order they were sent, several at a time where they wait for messages.
///
/// Sound as `Sendable`: what varies is touched only while `condition` is locked, or is atomic. The sender calls `way` at the same time, but
/// never `begin` or `advance`, and stays out of the blocks that these read until it has counted them as summed.
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
          try carry(from: chunk)
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

  /// Adds one piece, and waits for it.
  func carry(_ chunk: SumChunk) throws {
    try timed(from: chunk) { try Patience.wait { try way.advance() == 0 } }
  }

  /// Adds a piece and those that come before it is summed. Between two looks it sleeps: the cores belong to those who compute.
  private func carry(from first: SumChunk) throws {
    try timed(from: first) {
      var left = try way.advance()
      while left > 0 {
        if left < way.depth, let chunk = published() { try way.begin(chunk) } else { usleep(Patience.nap) }
        left = try way.advance()
      }
    }
  }

  private func timed(from chunk: SumChunk, _ body: () throws -> Void) throws {
    Patience.wait { way.isPublished(chunk.number) }
    let start = ContinuousClock.now
    try way.begin(chunk)
    try body()
    nanoseconds.add(Int(start.duration(to: .now) / .nanoseconds(1)), ordering: .relaxed)
  }

  /// The next piece, if it is published.
  private func published() -> SumChunk? {
    condition.withLock {
      guard let chunk = waiting.first, way.isPublished(chunk.number) else { return nil }
      return waiting.removeFirst()
    }
  }

  private func next() -> SumChunk? {
    condition.withLock {
      while waiting.isEmpty && !isStopped { condition.wait() }
      return waiting.isEmpty ? nil : waiting.removeFirst()
    }
  }
}
