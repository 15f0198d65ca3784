import Archive
import CProcessor
import Communication
import Foundation
import Kernels
import Training

/// Facts, hints and problems of an examination, told as they are found.
final class Examination: @unchecked Sendable {
  /// Whether this process is the one that prints.
  let isSpeaker: Bool
  // Guarded by `lock`, like all that is printed.
  private var problems: [String] = []
  private var hints: [String] = []
  private let lock = NSLock()

  init(isSpeaker: Bool) { self.isSpeaker = isSpeaker }

  /// 0 without problems, otherwise 69.
  var exitCode: Int32 { lock.withLock { problems.isEmpty ? ExitCode.done.rawValue : ExitCode.inUse.rawValue } }

  /// A line of what is there.
  func fact(_ label: String, _ text: String) { lock.withLock { show("\(Text.left(label, 12)) \(text)") } }

  /// Something that makes a run slower or may surprise.
  func hint(_ text: String) { lock.withLock { hints.append(text) } }

  /// Something that stops a run.
  func problem(_ text: String) { lock.withLock { problems.append(text) } }

  /// Hints, and the verdict as the last lines.
  func conclude() {
    lock.withLock {
      show("")
      for hint in hints { show("hint: \(hint)") }
      if problems.isEmpty {
        show("nothing found that would stop a run")
      } else {
        for problem in problems { show("problem: \(problem)") }
      }
    }
  }

  private func show(_ line: String) {
    guard isSpeaker else { return }
    try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
  }

  /// What can be seen without other ranks.
  func examineHost() {
    let environment = ProcessInfo.processInfo.environment
    fact("dist-gan", "\(DistGAN.version), \((try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "unknown")")
    examineProcessor()
    examineCores(environment)
    examineMemory()
    examineLibraries()
    examineLauncher(environment)
    examineDirectory()
  }

  /// Ranks that a training would refuse.
  func compare(_ ranks: [RankPlace]) {
    for place in ranks {
      for (mine, other) in zip(ranks[0].common, place.common) where mine.value != other.value {
        problem(
          "ranks differ: \(mine.name) is \(mine.value) on rank 0 (\(ranks[0].host)), but \(other.value) on rank \(place.rank) (\(place.host)); "
            + "start all with the same program on processors of one kind")
        return
      }
    }
  }

  // MARK: Parts

  private func examineProcessor() {
    let lines = HostFiles.lines("/proc/cpuinfo")
    func field(_ name: String) -> String? {
      lines.first { $0.hasPrefix(name) }?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let flags = Set((field("flags") ?? "").split(separator: " ").map(String.init))
    let levels = [
      ("x86-64-v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]), ("x86-64-v3", ["avx2", "fma", "bmi2"]),
      ("x86-64-v2", ["sse4_2"]),
    ]
    let level = levels.first { flags.isSuperset(of: $0.1) }?.0
    fact("processor", [field("model name") ?? "unknown", level].compactMap(\.self).joined(separator: ", "))
    let precisions = ConvolutionPrecision.allCases.filter(\.hasInstructions).map(\.rawValue).joined(separator: ", ")
    fact("built for", "\(Processor.target), kernels for \(Kernels.instructionSet), --precision \(precisions)")
    if let missing = unsafe cprocessor_missing() {
      problem(
        unsafe "the program was built for \(Processor.target) with \(String(cString: missing)), which this processor lacks; build it here, or "
          + "for all nodes with DIST_GAN_MARCH=x86-64-v3 swift build -c release")
    } else if level == "x86-64-v4", Processor.target != "x86-64-v4" {
      hint("the program was built for \(Processor.target); built on this processor it would be faster")
    }
  }

  private func examineCores(_ environment: [String: String]) {
    let cores = Cores.current()
    let online = ProcessInfo.processInfo.processorCount
    let bound = cores.isBoundByLauncher ? "bound by mpirun to \(Cores.text(cores.allowed))" : "may run on \(Cores.text(cores.allowed))"
    fact("cores", "\(online) online; this process \(bound)")
    if let quota = HostFiles.processorQuota, quota < Double(cores.allowed.count) {
      hint(
        String(
          format: "the control group gives %.1f cores, but %d may be used: start no more threads than that (--threads)", quota,
          cores.allowed.count))
    }
    let ranks = environment["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap { Int($0) } ?? 1
    if ranks > cores.available.count { hint("\(ranks) ranks of this host share \(cores.available.count) cores: they take turns") }
  }

  private func examineMemory() {
    let (total, free) = (HostFiles.memory("MemTotal"), HostFiles.memory("MemAvailable"))
    let limits = [
      HostFiles.memoryLimit.map { "control group at most \(Text.bytes($0))" },
      HostFiles.limit(RLIMIT_AS).map { "address space \(Text.bytes($0))" },
      HostFiles.limit(RLIMIT_NOFILE).map { "\($0) open files" },
    ].compactMap(\.self)
    fact("memory", "\(Text.bytes(total ?? 0)), \(Text.bytes(free ?? 0)) available")
    fact("limits", limits.isEmpty ? "none" : limits.joined(separator: ", "))
    guard let room = MPILibrary.sharedMemoryRoom else {
      fact("/dev/shm", "none")
      hint("there is no /dev/shm: ranks of a host keep their own parameters, which takes more memory and time")
      return
    }
    fact("/dev/shm", "\(Text.bytes(room)) free of \(HostFiles.size(of: "/dev/shm").map(Text.bytes) ?? "unknown")")
    if room < 256 << 20 {
      hint(
        "/dev/shm has \(Text.bytes(room)) left: where a model needs more, every rank keeps its own parameters, which is slower; enlarge it "
          + "(mount -o remount,size=…; docker and podman: --shm-size)")
    }
  }

  private func examineLibraries() {
    fact("MPI", MPILibrary.version.components(separatedBy: ", ident")[0])
    let filters = HDF5Library.filters.joined(separator: ", ")
    fact("HDF5", "\(HDF5Library.version)\(filters.isEmpty ? ", no compression" : ", filters \(filters)")")
    let blas = Machine.description.first { $0.name == "OpenBLAS" }?.value ?? "unknown"
    fact("OpenBLAS", blas.components(separatedBy: " NO_")[0])
  }

  private func examineLauncher(_ environment: [String: String]) {
    let settings = environment.keys.filter { $0.hasPrefix("OMPI_MCA_") || $0.hasPrefix("PRTE_MCA_") || $0.hasPrefix("HDF5_USE") }.sorted()
      // What mpirun itself hands to its ranks says nothing.
      .filter { name in !["orte_", "ess", "initial", "pmix", "shmem_RUNTIME", "mpi_oversub"].contains { name.hasPrefix("OMPI_MCA_\($0)") } }
    if !settings.isEmpty { fact("settings", settings.map { "\($0)=\(environment[$0] ?? "")" }.joined(separator: " ")) }
    do {
      if let launcher = try MPILibrary.launcher(environment: environment) {
        let slots = environment["OMPI_UNIVERSE_SIZE"].map { ", \($0) slots" } ?? ""
        let job = environment["SLURM_JOB_ID"].map { ", Slurm job \($0) on \(environment["SLURM_JOB_NUM_NODES"] ?? "?") nodes" } ?? ""
        fact("launcher", launcher + slots + job)
        return
      }
      fact("launcher", "none: one process, no MPI is started")
    } catch {
      fact("launcher", "srun, but MPI has no part in it")
      return
    }
    guard let found = HostFiles.firstLine(of: ["mpirun", "--version"]) else {
      hint("mpirun is not on the PATH: only runs of one process can be started here")
      return
    }
    fact("mpirun", found)
    // `mpirun (Open MPI) 4.1.4` and `Open MPI v4.1.4, package: …`.
    let version = found.split(separator: " ").last.map(String.init) ?? ""
    if found.contains("Open MPI"), !MPILibrary.version.contains("v\(version),"), !MPILibrary.version.contains("v\(version) ") {
      problem(
        "mpirun on the PATH is of another MPI (\(found)) than the program's library (\(MPILibrary.version.prefix { $0 != "," })): "
          + "ranks would not find each other; use the mpirun that belongs to the library")
    }
    if geteuid() == 0, environment["OMPI_ALLOW_RUN_AS_ROOT"] != "1" || environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] != "1" {
      hint("mpirun refuses root unless OMPI_ALLOW_RUN_AS_ROOT=1 and OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 are set: source Launch/env.sh")
    }
    let networks = HostFiles.networks
    if !networks.isEmpty { fact("networks", networks.joined(separator: ", ")) }
  }

  /// Whether a run could write and lock here.
  private func examineDirectory() {
    let directory = FileManager.default.currentDirectoryPath
    let path = "\(directory)/.dist-gan-doctor-\(getpid())"
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      fact("directory", "\(directory), not writable")
      hint("runs cannot be written to \(directory) (\(unsafe String(cString: strerror(errno)))): name another place with --output")
      return
    }
    defer {
      unsafe unlink(path)
      close(descriptor)
    }
    let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0
    let reason = unsafe String(cString: strerror(errno))
    fact("directory", "\(directory), \(HostFiles.room(in: directory).map { "\(Text.bytes($0)) free" } ?? "of unknown size")")
    if !isLocked {
      problem("files cannot be locked in \(directory) (\(reason)), so a run there would be taken for one in use: name another --output")
    }
  }
}
