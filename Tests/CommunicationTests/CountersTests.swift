import Foundation
import Synchronization
import Testing

@testable import Communication

/// Counters in memory of this process, whose threads stand for ranks.
@Suite struct CountersTests {
  /// What the threads share.
  ///
  /// Sound as `Sendable`: the memory is made once, and the counters in it are atomic.
  @safe private final class Place: @unchecked Sendable {
    let counters: Counters
    /// Rounds in which somebody went on before all had come.
    let early = Atomic<Int>(0)
    private let memory: UnsafeMutableRawPointer

    init(_ count: Int) {
      unsafe memory = .allocate(byteCount: Counters.byteCount(count), alignment: 128)
      unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: Counters.byteCount(count))
      counters = unsafe Counters(at: memory, count: count)
    }

    deinit { unsafe memory.deallocate() }
  }

  /// Runs `body` on a thread for each of `count` ranks, and waits for all.
  private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let done = DispatchGroup()
    for rank in 0..<count {
      done.enter()
      Thread {
        body(rank)
        done.leave()
      }.start()
    }
    done.wait()
  }

  @Test(arguments: [Patience.alone, .crowded, .aside, Patience(looks: 0, offers: 0)], [1, 2, 5])
  func `nobody goes on before all have come, and all do then`(patience: Patience, ranks: Int) {
    let place = Place(ranks)
    let start = ContinuousClock.now
    onThreads(ranks) { rank in
      for round in 1...200 as ClosedRange<UInt64> {
        place.counters.raise(rank, to: round)
        place.counters.wait(for: round, patience)
        if !(0..<ranks).allSatisfy({ place.counters[$0] >= round }) { place.early.add(1, ordering: .relaxed) }
      }
    }
    #expect(place.early.load(ordering: .relaxed) == 0)
    // Who is not woken looks again 10 ms later: 2 s in all.
    #expect(start.duration(to: .now) < .seconds(1.5))
  }

  @Test func `who sleeps is woken by the last that comes, not before`() {
    let place = Place(3)
    place.counters.raise(0, to: 7)
    onThreads(2) { index in
      if index == 0 {
        place.counters.wait(for: 7, .aside)
        if !place.counters.allReached(7) { place.early.add(1, ordering: .relaxed) }
      } else {
        place.counters.raise(1, to: 9)
        Thread.sleep(forTimeInterval: 0.03)
        place.counters.raise(2, to: 6)
        Thread.sleep(forTimeInterval: 0.03)
        place.counters.raise(2, to: 7)
      }
    }
    #expect(place.early.load(ordering: .relaxed) == 0)
  }

  @Test func `who has no hope goes on without a bell`() {
    let place = Place(2)
    place.counters.raise(0, to: 1)
    let start = ContinuousClock.now
    place.counters.wait(for: 1, .aside) { start.duration(to: .now) > .milliseconds(25) }
    #expect(!place.counters.allReached(1))
  }
}
