internal import CMPI
internal import Foundation

/// The cores and threads of one rank.
public struct CoreShare: Sendable, Equatable {
  /// Threads the rank should compute with, at least 1.
  public let threads: Int
  /// Cores the rank may run on, ascending.
  public let cores: [Int]
  /// What was changed and why, for the log; nil when nothing was.
  public let note: String?
}

/// The cores of this host and who may use them.
public struct Cores: Sendable, Equatable {
  /// Cores this process may run on, ascending.
  public var allowed: [Int]
  /// Cores the job has on this host, ascending.
  public var available: [Int]
  /// Whether mpirun itself bound this process, by its defaults or by an option, rather than the user or the batch system.
  public var isBoundByLauncher: Bool

  /// A description of a host, for planning.
  public init(allowed: [Int], available: [Int], isBoundByLauncher: Bool) {
    self.allowed = allowed
    self.available = available
    self.isBoundByLauncher = isBoundByLauncher
  }

  /// What the kernel says about this process. The job's cores are those of its parent as well: mpirun binds ranks, not itself.
  public static func current(environment: [String: String]) -> Cores {
    let allowed = affinity(ofProcess: 0)
    let isBound = environment["OMPI_MCA_orte_bound_at_launch"] == "1"
    let parent = isBound ? affinity(ofProcess: getppid()) : []
    return Cores(allowed: allowed, available: Set(allowed).union(parent).sorted(), isBoundByLauncher: isBound)
  }

  /// What the kernel says about this process, with its own environment.
  public static func current() -> Cores { current(environment: ProcessInfo.processInfo.environment) }

  /// The share of one of `localSize` ranks on this host: `max(1, cores / localSize)` threads.
  ///
  /// `mpirun -n 1` binds its rank to one core, so that a whole machine would compute with one thread. A rank that mpirun bound to less
  /// than its share gets an adjacent run of cores of its own; any other binding is kept, and limits the threads.
  public func share(localRank: Int, localSize: Int) -> CoreShare {
    precondition((0..<localSize).contains(localRank), "Cores: local rank \(localRank) of \(localSize)")
    let threads = max(1, available.count / localSize)
    guard isBoundByLauncher, allowed.count < threads else {
      return CoreShare(threads: max(1, min(threads, allowed.count)), cores: allowed, note: nil)
    }
    let first = localRank * available.count / localSize
    let end = (localRank + 1) * available.count / localSize
    let cores = Array(available[first..<end])
    return CoreShare(
      threads: threads, cores: cores, note: "bound to \(Self.words(for: allowed)) by mpirun; widened to \(Self.words(for: cores))")
  }

  /// Applies the share of a rank to this process, before it starts threads.
  /// - Returns: the share; when the kernel refuses the cores, the binding that was, and a note that says so.
  public static func claim(localRank: Int, localSize: Int) -> CoreShare {
    let now = current()
    let share = now.share(localRank: localRank, localSize: localSize)
    guard let note = share.note, !setAffinity(share.cores) else { return share }
    return CoreShare(threads: max(1, now.allowed.count), cores: now.allowed, note: note + " was refused by the kernel: binding kept")
  }

  /// `core 0`, `cores 0-3,8`.
  static func words(for cores: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for core in cores {
      if let last = runs.last, last.upperBound + 1 == core {
        runs[runs.count - 1] = last.lowerBound...core
      } else {
        runs.append(core...core)
      }
    }
    let names = runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    return (cores.count == 1 ? "core " : "cores ") + names.joined(separator: ",")
  }

  private static func affinity(ofProcess process: pid_t) -> [Int] {
    var set = cpu_set_t()
    guard unsafe sched_getaffinity(process, MemoryLayout<cpu_set_t>.size, &set) == 0 else { return [] }
    // Sound: a core's bit is addressed inside the struct, whose bytes are little-endian words of bits.
    return unsafe withUnsafeBytes(of: &set) { bytes in
      (0..<bytes.count * 8).filter { unsafe bytes[$0 / 8] & (1 << UInt8($0 % 8)) != 0 }
    }
  }

  private static func setAffinity(_ cores: [Int]) -> Bool {
    var set = cpu_set_t()
    unsafe withUnsafeMutableBytes(of: &set) { bytes in
      for core in cores where core < bytes.count * 8 { unsafe bytes[core / 8] |= 1 << UInt8(core % 8) }
    }
    return unsafe sched_setaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0
  }
}
