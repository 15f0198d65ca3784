import ArgumentParser
import Datasets
import Foundation

extension DataSets {
  /// `data probe`: opens an HDF5 file on behalf of a process that must not crash. Not shown to people.
  struct Probe: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "probe", shouldDisplay: false)

    @Argument var path: String
    @Option var imagesKey: [String] = []
    @Option var labelsKey: String?
    @Flag var all = false

    func run() throws {
      // Whoever waits for this process may be killed meanwhile. Processor time, as there: the machine may have no core to spare.
      let patience = Int(FileProbe.patience(path)) + 5
      Self.limit(seconds: patience)
      var lastSign = ContinuousClock.now
      // The errors are told by the process that opens the file in earnest.
      for key in imagesKey {
        HDF5Probe.touch(path, imagesKey: key, labelsKey: labelsKey, readsAll: all) {
          guard lastSign.duration(to: .now) > .seconds(1) else { return }
          lastSign = .now
          Self.limit(seconds: patience)
          unsafe write(STDOUT_FILENO, ".", 1)
        }
      }
    }

    /// Lets this process end itself after so many further seconds of processor time.
    private static func limit(seconds: Int) {
      var timer = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: seconds, tv_usec: 0))
      unsafe setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    }
  }
}

/// A trial of HDF5 files in a process of its own.
///
/// HDF5's library takes much of a file on trust, and a damaged or hostile one can make it crash or run for ever. What another process
/// has come through is then opened here.
enum FileProbe {
  /// Tries the file at `path`; whatever is wrong with it but a crash is left to be found by who opens it.
  /// - Parameters:
  ///   - imagesKeys: data sets of images, one after the other; those that are not there are passed over.
  ///   - readsAll: whether all is read that HDF5 would read; plain bytes are not.
  /// - Throws: `DatasetError` when the other process crashed or did not come to an end.
  static func check(_ path: String, imagesKeys: [String] = ["imgs", "A/imgs", "B/imgs"], labelsKey: String? = nil, readsAll: Bool) throws {
    guard FileManager.default.isReadableFile(atPath: path) else { return }
    var words = ["dist-gan", "data", "probe", path]
    for key in imagesKeys { words += ["--images-key=\(key)"] }
    if let labelsKey { words.append("--labels-key=\(labelsKey)") }
    if readsAll { words.append("--all") }
    guard let status = try run(words, patience: patience(path)) else {
      throw DatasetError(
        .damaged, path: path, "cannot open the file: the HDF5 library did not come to an end with it, so it is damaged; get it anew")
    }
    // The lower seven bits are the signal that ended the process.
    guard status & 0x7F == 0 else {
      throw DatasetError(
        .damaged, path: path,
        "cannot open the file: the HDF5 library crashes on it (signal \(status & 0x7F)), so it is damaged; get it anew")
    }
  }

  /// Seconds without a sign of life after which the file is given up, as `ProbeWatch` counts them: by its size, at the rate of a slow disk.
  static func patience(_ path: String) -> Double {
    let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    return 20 + Double(size) / 10e6
  }

  /// Runs this program with other words, as a process of its own that gives signs of life to its standard output.
  /// - Returns: the status that `waitpid` tells; `nil` when it was given up and ended.
  private static func run(_ words: [String], patience: Double) throws -> Int32? {
    // A rank's child is no rank.
    let environment = ProcessInfo.processInfo.environment.filter { name, _ in
      !["OMPI_", "PMIX_", "PMI_", "SLURM_"].contains { name.hasPrefix($0) } && name != "SWIFT_BACKTRACE"
    }
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    let settings: [String] = environment.map { "\($0)=\($1)" } + ["SWIFT_BACKTRACE=enable=no"]
    var variables = unsafe settings.map { unsafe strdup($0) } + [nil]
    defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    var pipeEnds: [Int32] = [-1, -1]
    guard unsafe pipe(&pipeEnds) == 0 else { return 0 }
    // A process that inherits the writing end by chance would keep it open.
    for end in pipeEnds { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(pipeEnds[0]) }
    unsafe posix_spawn_file_actions_adddup2(&actions, pipeEnds[1], STDOUT_FILENO)
    for descriptor in [STDIN_FILENO, STDERR_FILENO] {
      unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    var process: pid_t = 0
    let code = unsafe posix_spawn(&process, "/proc/self/exe", &actions, nil, &arguments, &variables)
    close(pipeEnds[1])
    // Without a second process the file is opened at once, as everybody else opens it.
    guard code == 0 else { return 0 }
    let isAlive = hearsEnd(of: pipeEnds[0], from: process, patience: patience)
    if !isAlive { kill(process, SIGKILL) }
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 { if errno != EINTR { return 0 } }
    return isAlive ? status : nil
  }

  /// Waits until the other end of a pipe is closed, as the end of a process does; false when the process is to be given up.
  private static func hearsEnd(of descriptor: Int32, from process: pid_t, patience: Double) -> Bool {
    var signs = [UInt8](repeating: 0, count: 64)
    var watch = ProbeWatch(patience: patience)
    while true {
      var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      // A second at a time, however much later this process wakes.
      let ready = unsafe poll(&event, 1, 1000)
      if ready < 0 && errno == EINTR { continue }
      if ready == 0 {
        let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        if let look = text.flatMap({ ProbeWatch.Look($0) }), watch.isGivenUp(look, after: 1) { return false }
        continue
      }
      guard ready > 0 else { return false }
      let count = unsafe read(descriptor, &signs, signs.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return true }
      watch.hear()
    }
  }
}
