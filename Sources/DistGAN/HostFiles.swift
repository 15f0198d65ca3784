import Foundation

/// What the kernel's files say of this host and of the limits of this process.
enum HostFiles {
  /// The lines of a file; none when it cannot be read.
  static func lines(_ path: String) -> [String] {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    return text.split(separator: "\n").map(String.init)
  }

  /// Bytes of a line of /proc/meminfo.
  static func memory(_ name: String) -> Int? {
    lines("/proc/meminfo").first { $0.hasPrefix(name + ":") }?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  }

  /// A limit of this process; nil when there is none.
  static func limit(_ resource: __rlimit_resource) -> Int? {
    var found = rlimit()
    // Sound: the call fills the struct it is defined for.
    guard unsafe getrlimit(__rlimit_resource_t(resource.rawValue), &found) == 0, found.rlim_cur < UInt64(Int64.max) else { return nil }
    return Int(found.rlim_cur)
  }

  /// The smallest memory limit of this process's control groups; nil when there is none.
  static var memoryLimit: Int? {
    let limits = groups.flatMap { ["/sys/fs/cgroup\($0)/memory.max", "/sys/fs/cgroup/memory\($0)/memory.limit_in_bytes"] }
      .compactMap { lines($0).first.flatMap { Int($0) } }
    // Older kernels write a number near the largest for none.
    return limits.filter { $0 < 1 << 60 }.min()
  }

  /// Cores' worth of time that the control groups give; nil without a limit.
  static var processorQuota: Double? {
    groups.compactMap { group -> Double? in
      if let line = lines("/sys/fs/cgroup\(group)/cpu.max").first {
        let words = line.split(separator: " ").map { Double($0) }
        if words.count == 2, let quota = words[0], let period = words[1], period > 0 { return quota / period }
        return nil
      }
      let place = "/sys/fs/cgroup/cpu\(group)/cpu.cfs_"
      guard let quota = lines(place + "quota_us").first.flatMap({ Double($0) }), quota > 0 else { return nil }
      return lines(place + "period_us").first.flatMap { Double($0) }.map { quota / $0 }
    }.min()
  }

  /// The control groups of this process and those around them.
  private static var groups: [String] {
    let own = lines("/proc/self/cgroup").compactMap { $0.split(separator: ":", omittingEmptySubsequences: false).last.map(String.init) }
    return Set(
      own.flatMap { path in
        let parts = path.split(separator: "/")
        return (0...parts.count).map { parts.prefix($0).map { "/\($0)" }.joined() }
      }
    ).sorted()
  }

  /// Bytes of a file system, and those left for this user.
  static func size(of path: String) -> Int? { space(path)?.all }
  static func room(in path: String) -> Int? { space(path)?.left }

  private static func space(_ path: String) -> (all: Int, left: Int)? {
    var found = statvfs()
    // Sound: the call fills the struct it is defined for.
    guard unsafe statvfs(path, &found) == 0 else { return nil }
    return (Int(found.f_blocks) * Int(found.f_frsize), Int(found.f_bavail) * Int(found.f_frsize))
  }

  /// Network interfaces that are up, but for the loopback.
  static var networks: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/net")) ?? []
    return names.sorted().filter { $0 != "lo" && lines("/sys/class/net/\($0)/operstate").first != "down" }
  }

  /// The first line that a program prints; nil when it cannot be started.
  static func firstLine(of words: [String]) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self).split(separator: "\n").first.map(String.init) : nil
  }
}
