internal import Glibc
internal import Synchronization

/// Waiting for another rank: at first without giving up the core, then giving it to others, then asleep.
enum Patience {
  /// Microseconds of sleep before one looks again.
  static let nap: UInt32 = 50

  /// Returns once `isDone` is true.
  static func wait(until isDone: () throws -> Bool) rethrows {
    var turns = 0
    while try !isDone() {
      turns += 1
      if turns < 512 { continue }
      // Ranks that share a core would otherwise wait for each other's time slices.
      if turns < 2048 { sched_yield() } else { usleep(nap) }
    }
  }
}

/// Counters in shared memory, one per rank of a host, each on a cache line of its own.
@safe struct Counters {
  private let base: UnsafeMutableRawPointer
  /// Number of counters.
  let count: Int
  /// Bytes of one counter, so that neighbours do not share a cache line, nor the pair of lines that is fetched together.
  static let stride = 128

  /// Counters at `base`, which is zero at first and outlives them.
  init(at base: UnsafeMutableRawPointer, count: Int) {
    unsafe self.base = unsafe base
    self.count = count
  }

  private func counter(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    // Sound: an `Atomic<UInt64>` is a 64-bit word of its own, for which zero is a value.
    unsafe (base + index * Self.stride).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  subscript(index: Int) -> UInt64 {
    get { unsafe counter(index).pointee.load(ordering: .acquiring) }
    nonmutating set { unsafe counter(index).pointee.store(newValue, ordering: .releasing) }
  }

  /// Whether all counters have reached `value`.
  func allReached(_ value: UInt64) -> Bool { (0..<count).allSatisfy { self[$0] >= value } }
}
