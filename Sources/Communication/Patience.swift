internal import CScheduling
internal import Glibc
internal import Synchronization

/// Waiting for another rank: at first without giving up the core, then giving it to others, then asleep.
struct Patience {
  /// Looks before the core is given up.
  let looks: Int
  /// Looks after each of which the core is offered to others.
  let offers: Int

  /// Of a rank that has a core of its own.
  static let alone = Patience(looks: 512, offers: 1536)
  /// Of a rank that shares its core with other ranks: while one of them has work, an offer costs a turn of some milliseconds.
  static let crowded = Patience(looks: 32, offers: 256)
  /// Of a thread beside the one that computes, which may be about to do what this one waits for.
  static let aside = Patience(looks: 1, offers: 8)

  /// Microseconds of sleep before one looks again where nobody rings.
  static let nap: UInt32 = 50

  /// Returns once `isDone` is true.
  static func wait(until isDone: () throws -> Bool) rethrows {
    var turns = 0
    while try !isDone() {
      turns += 1
      // Ranks that share a core would otherwise wait for each other's time slices.
      if turns >= alone.looks + alone.offers { usleep(nap) } else if turns >= alone.looks { sched_yield() }
    }
  }
}

/// Counters in shared memory, one per rank of a host, each on a cache line of its own, and a bell for those who sleep until all have
/// reached a value.
@safe struct Counters {
  private let base: UnsafeMutableRawPointer
  /// Number of counters.
  let count: Int
  /// Bytes of one counter, so that neighbours do not share a cache line, nor the pair of lines that is fetched together.
  private static let stride = 128
  /// Microseconds after which one who sleeps looks again, bell or not: whoever should ring may have failed.
  private static let longestSleep: UInt32 = 10_000

  /// Bytes of `count` counters and their bell.
  static func byteCount(_ count: Int) -> Int { (count + 2) * stride }

  /// Counters at `base`, whose `byteCount` bytes are zero at first and outlive them.
  init(at base: UnsafeMutableRawPointer, count: Int) {
    unsafe self.base = unsafe base
    self.count = count
  }

  private func counter(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    // Sound: an `Atomic<UInt64>` is a 64-bit word of its own, for which zero is a value.
    unsafe (base + index * Self.stride).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// Counts what was raised; the word that those who sleep wait on.
  private var bell: UnsafeMutablePointer<Atomic<UInt32>> {
    unsafe (base + count * Self.stride).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  /// How many sleep, or are about to.
  private var sleepers: UnsafeMutablePointer<Atomic<Int>> {
    unsafe (base + (count + 1) * Self.stride).assumingMemoryBound(to: Atomic<Int>.self)
  }

  subscript(index: Int) -> UInt64 { unsafe counter(index).pointee.load(ordering: .acquiring) }

  /// Whether all counters have reached `value`.
  func allReached(_ value: UInt64) -> Bool {
    for index in 0..<count where self[index] < value { return false }
    return true
  }

  /// Raises a counter, and wakes those who sleep if it was the last to reach its value.
  ///
  /// Whoever raises the smallest counter finds afterwards that all have reached its new value. Of two who raise the smallest two at once,
  /// the one that adds to the bell later sees what the other wrote before it did.
  func raise(_ index: Int, to value: UInt64) {
    unsafe counter(index).pointee.store(value, ordering: .releasing)
    unsafe bell.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if unsafe sleepers.pointee.load(ordering: .sequentiallyConsistent) > 0 && allReached(value) {
      unsafe cscheduling_wake_all(bell)
    }
  }

  /// Waits until all counters have reached `value`, or until there is no hope of it.
  func wait(for value: UInt64, _ patience: Patience, unless isHopeless: () -> Bool = { false }) {
    for turn in 0..<(patience.looks + patience.offers) {
      if allReached(value) { return }
      if turn >= patience.looks { sched_yield() }
    }
    unsafe sleepers.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    defer { _ = unsafe sleepers.pointee.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
    while true {
      // Read first: what is raised after the look changes the word, and the kernel then does not let this thread sleep.
      let rung = unsafe bell.pointee.load(ordering: .sequentiallyConsistent)
      if allReached(value) || isHopeless() { return }
      unsafe cscheduling_sleep(bell, rung, Self.longestSleep)
    }
  }
}
