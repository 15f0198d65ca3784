import Kernels
import Synchronization
import Testing

extension ThreadCounts {
  @Test func `every index runs exactly once, nested calls too`() {
    for threads in [1, 2, 4] {
      Workers.start(threads: threads)
      #expect(Workers.threads == threads)
      for count in [0, 1, 2, 3, 1000] {
        var hits = [Int32](repeating: 0, count: max(1, count * 4))
        unsafe hits.withUnsafeMutableBufferPointer { buffer in
          Workers.forEach(count) { outer in
            Workers.forRanges(4, grain: 1) { range in
              for inner in range { unsafe buffer[outer * 4 + inner] += 1 }
            }
          }
        }
        #expect(hits.allSatisfy { $0 == (count == 0 ? 0 : 1) })
      }
    }
    Workers.start(threads: 2)
  }

  @Test func `many short jobs in a row all complete`() {
    Workers.start(threads: 2)
    var total = 0
    var slots = [Int](repeating: 0, count: 7)
    for job in 0..<20_000 {
      unsafe slots.withUnsafeMutableBufferPointer { buffer in
        Workers.forEach(7) { unsafe buffer[$0] = job + $0 }
      }
      total += slots.reduce(0, +) - 7 * job
    }
    #expect(total == 20_000 * 21)
  }

  @Test func `ranges cover all indices once and are cut by the grain alone`() {
    for threads in [1, 3] {
      Workers.start(threads: threads)
      for (count, grain) in [(0, 4), (1, 4), (4, 4), (5, 4), (1000, 7), (6, 1)] {
        var ends = [Int](repeating: 0, count: max(1, count))
        unsafe ends.withUnsafeMutableBufferPointer { buffer in
          Workers.forRanges(count, grain: grain) { unsafe buffer[$0.lowerBound] += $0.upperBound }
        }
        let expected = (0..<max(1, count)).map { $0 % grain == 0 && $0 < count ? min(count, $0 + grain) : 0 }
        #expect(ends == expected, "\(count) indices in ranges of \(grain)")
      }
    }
    Workers.start(threads: 2)
  }

  @Test func `two indices run at the same time on two threads`() {
    Workers.start(threads: 2)
    // Each of the two waits for the other; while another test holds the pool both run on this thread, hence several attempts.
    let met = (0..<1000).contains { _ in
      let arrived = Atomic<Int>(0)
      let meetings = Atomic<Int>(0)
      Workers.forEach(2) { _ in
        arrived.add(1, ordering: .sequentiallyConsistent)
        let start = ContinuousClock.now
        while arrived.load(ordering: .sequentiallyConsistent) < 2 && start.duration(to: .now) < .milliseconds(10) {}
        if arrived.load(ordering: .sequentiallyConsistent) == 2 { meetings.add(1, ordering: .sequentiallyConsistent) }
      }
      return meetings.load(ordering: .sequentiallyConsistent) == 2
    }
    #expect(met)
  }
}
