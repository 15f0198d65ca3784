import COpenBLAS
import Glibc
import Synchronization

/// The one pool of worker threads of the process.
///
/// The caller works too, so `threads` counts it. Indices are handed out one by one; a kernel may therefore never let its result depend on
/// which thread runs an index. A nested call, or a call while another thread uses the pool, runs inline on its caller.
public enum Workers {
  /// Makes the pool have `threads` threads, the caller included. May be called again.
  public static func start(threads: Int) { pool.resize(to: max(1, threads)) }

  /// Number of threads that work, the caller included; at first the number of cores this process may run on.
  public static var threads: Int { pool.threadCount.load(ordering: .relaxed) }

  /// Runs `body` once for each index of `0..<count`, in any order, and returns when all have run.
  public static func forEach(_ count: Int, _ body: (Int) -> Void) {
    guard count > 1, threads > 1, pool.acquire() else {
      for index in 0..<max(count, 0) { body(index) }
      return
    }
    defer { pool.release() }
    withoutActuallyEscaping(body) { pool.run(count, $0) }
  }

  /// Cuts `0..<count` into ranges of `grain` indices and runs `body` once for each.
  public static func forRanges(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    if count <= 0 { return }
    if count <= grain { return body(0..<count) }
    forEach((count + grain - 1) / grain) { index in
      body((index * grain)..<min(count, (index + 1) * grain))
    }
  }

  /// Cores this process may run on, by its affinity mask (which containers and mpirun's binding set).
  ///
  /// OpenBLAS asks `sched_getaffinity`, which Glibc's module hides from Swift.
  static var allowedCores: Int { max(1, Int(openblas_get_num_procs())) }

  private static let pool = Pool(threads: allowedCores)
}

/// Threads that wait for a job: a body and a number of indices.
///
/// The ticket holds the job's number in its upper half and the indices left in its lower half. Claiming an index is one compare-exchange
/// of the whole ticket, so a thread that wakes late can never claim an index of a job it did not see, and the caller need not wait for
/// threads that claimed nothing.
private final class Pool: @unchecked Sendable {
  let threadCount = Atomic<Int>(1)
  private let busy = Atomic<Bool>(false)
  private let ticket = Atomic<UInt64>(0)
  private let completed = Atomic<Int>(0)
  private let sleeping = Atomic<Int>(0)
  private let stopping = Atomic<Bool>(false)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var body: (Int) -> Void = { _ in }
  private var count = 0
  private var members: [pthread_t] = []

  init(threads: Int) {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
    resize(to: threads)
  }

  func acquire() -> Bool { busy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged }
  func release() { busy.store(false, ordering: .releasing) }

  func run(_ count: Int, _ body: @escaping (Int) -> Void) {
    self.body = body
    self.count = count
    completed.store(0, ordering: .relaxed)
    let job = (ticket.load(ordering: .relaxed) >> 32) &+ 1
    ticket.store(job << 32 | UInt64(count), ordering: .sequentiallyConsistent)
    if sleeping.load(ordering: .sequentiallyConsistent) > 0 {
      pthread_mutex_lock(mutex)
      pthread_cond_broadcast(wake)
      pthread_mutex_unlock(mutex)
    }
    work()
    var turns = 0
    while completed.load(ordering: .acquiring) < count {
      turns += 1
      if turns > 4096 { sched_yield() }
    }
    self.body = { _ in }
  }

  /// Claims and runs indices until none is left.
  private func work() {
    var seen = ticket.load(ordering: .acquiring)
    while seen & 0xffff_ffff > 0 {
      let claim = ticket.compareExchange(expected: seen, desired: seen - 1, ordering: .acquiringAndReleasing)
      if claim.exchanged {
        // The job cannot end before this index is completed, so its body and count are stable from here on.
        body(count - Int(seen & 0xffff_ffff))
        completed.add(1, ordering: .acquiringAndReleasing)
        seen = ticket.load(ordering: .acquiring)
      } else {
        seen = claim.original
      }
    }
  }

  private func serve() {
    while true {
      work()
      var turns = 0
      while ticket.load(ordering: .acquiring) & 0xffff_ffff == 0 && !stopping.load(ordering: .acquiring) {
        turns += 1
        if turns < 200_000 { continue }
        pthread_mutex_lock(mutex)
        sleeping.add(1, ordering: .sequentiallyConsistent)
        while ticket.load(ordering: .sequentiallyConsistent) & 0xffff_ffff == 0 && !stopping.load(ordering: .acquiring) {
          pthread_cond_wait(wake, mutex)
        }
        sleeping.subtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
      }
      if stopping.load(ordering: .acquiring) { return }
    }
  }

  func resize(to threads: Int) {
    while !acquire() { sched_yield() }
    defer { release() }
    if threads == threadCount.load(ordering: .relaxed) { return }
    pthread_mutex_lock(mutex)
    stopping.store(true, ordering: .releasing)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
    for member in members { pthread_join(member, nil) }
    members = []
    stopping.store(false, ordering: .releasing)
    for _ in 1..<max(threads, 1) {
      var member = pthread_t()
      let created = pthread_create(
        &member, nil,
        { context in
          Unmanaged<Pool>.fromOpaque(context!).takeUnretainedValue().serve()
          return nil
        }, Unmanaged.passUnretained(self).toOpaque())
      if created == 0 { members.append(member) }
    }
    threadCount.store(members.count + 1, ordering: .relaxed)
  }
}
