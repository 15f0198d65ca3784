internal import CScheduling
internal import Foundation
internal import Synchronization

/// The thread that adds pieces in the order they were sent, several at a time where they wait for messages.
///
/// Sound as `Sendable`: what varies is touched only while `condition` is locked, or is atomic. The sender calls `way` at the same time, but
/// `begin` and `advance` only while it has the `turn`, and stays out of the blocks that these read until it has counted them as summed.
final class ChunkCarrier: @unchecked Sendable {
  private let way: any ChunkWay
  private let condition = NSCondition()
  /// Held by the one who takes the first piece and adds it.
  private let turn = NSLock()
  private var waiting: [SumChunk] = []
  private var isStopped = false
  private var failure: (any Error)?
  private let failed = Atomic<Bool>(false)
  private let nanoseconds = Atomic<Int>(0)
  /// Whether the sender waits for sums.
  private let isAwaited = Atomic<Bool>(false)

  init(_ way: any ChunkWay) { self.way = way }

  var hasFailed: Bool { failed.load(ordering: .acquiring) }
  var seconds: Double { Double(nanoseconds.load(ordering: .relaxed)) * 1e-9 }

  func start() {
    let thread = Thread { [self] in
      // Where the kernel does not know how, pieces travel later.
      _ = cscheduling_wake_soon()
      while let first = firstNumber() {
        way.waitUntilPublished(first, .aside) { false }
        do {
          try turn.withLock { if let chunk = takeFirst(upTo: first) { try carry(from: chunk, pausing: rest) } }
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

  /// Takes pieces that were sent together: each time the thread wakes, the core is taken from who computes.
  func add(_ chunks: [SumChunk]) {
    condition.withLock {
      waiting += chunks
      condition.signal()
    }
  }

  /// Says whether the sender waits for sums, so that the core has nothing else to do.
  func setAwaited(_ isAwaited: Bool) { self.isAwaited.store(isAwaited, ordering: .relaxed) }

  func check() throws {
    guard hasFailed else { return }
    if let failure = condition.withLock({ failure }) { throw failure }
  }

  /// Takes the first of the pieces that wait, unless it comes after `last`; nil when there is none.
  func takeFirst(upTo last: Int = .max) -> SumChunk? {
    condition.withLock { waiting.first.map { $0.number <= last } ?? false ? waiting.removeFirst() : nil }
  }

  /// Adds the pieces up to `last`, which are published, on the caller's thread, which has nothing else to do.
  func carry(upTo last: Int) throws {
    try turn.withLock {
      while !hasFailed, let chunk = takeFirst(upTo: last) { try carry(from: chunk) { _ in sched_yield() } }
    }
  }

  /// Adds a piece and those that come before it is summed.
  /// - Parameter pause: called where messages are waited for, with the time since it last returned.
  private func carry(from first: SumChunk, pausing pause: (Duration) -> Void) throws {
    try timed(from: first) {
      var left = try way.advance()
      var woken = ContinuousClock.now
      while left > 0 {
        // All that may be begun is, before anybody looks what has come: each look costs a call of the system.
        while left < depth, let chunk = published() {
          try way.begin(chunk)
          left += 1
        }
        pause(woken.duration(to: .now))
        woken = .now
        left = try way.advance()
      }
    }
  }

  /// Pieces that may be under way now.
  private var depth: Int { isAwaited.load(ordering: .relaxed) ? way.greatestDepth : way.depth }

  /// Leaves the core to those who compute.
  ///
  /// The pause is at least twice as long as the thread has run, since the scheduler lets one that took more than its turn wait when it
  /// wakes, up to a tick of 4 ms.
  private func rest(after running: Duration) {
    let pause = isAwaited.load(ordering: .relaxed) ? 1e-6 * Double(Patience.nap) : way.pause
    usleep(UInt32(1e6 * max(pause, min(2e-3, 2 * (running / .seconds(1))))))
  }

  private func timed(from chunk: SumChunk, _ body: () throws -> Void) throws {
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

  /// Number of the first piece that waits, once there is one; nil at the end.
  private func firstNumber() -> Int? {
    condition.withLock {
      while waiting.isEmpty && !isStopped { condition.wait() }
      return waiting.first?.number
    }
  }
}
