import Datasets
import Glibc
import Testing

@Suite struct SpawnTests {
  /// Starts `sleep 1`, which inherits all open files and whatever locks they carry; its process id.
  static func startSleep() -> pid_t {
    var child: pid_t = 0
    var arguments = unsafe [strdup("sleep"), strdup("1"), nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    let code = unsafe posix_spawnp(&child, "sleep", nil, nil, &arguments, nil)
    return code == 0 ? child : -1
  }

  /// Starts a process while the file is being written.
  struct Spawning: ImageSource {
    let list = ListSource()
    var name: String { list.name }
    var format: ImageFormat { list.format }
    var count: Int { list.count }
    var labels: [Int32]? { list.labels }
    var classNames: [String]? { nil }
    var fingerprint: UInt64 { 0 }
    let children = Children()
    func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
      if index == 5 { children.add(SpawnTests.startSleep()) }
      try unsafe list.read(index, into: buffer)
    }
  }

  /// Processes that were started; used by one thread.
  final class Children: @unchecked Sendable {
    private(set) var all: [pid_t] = []
    func add(_ child: pid_t) { all.append(child) }
  }

  @Test func `a file is readable as soon as it is written, though a process started meanwhile still holds it open`() throws {
    let directory = try TemporaryDirectory()
    let source = Spawning()
    defer {
      for child in source.children.all where child > 0 {
        kill(child, SIGKILL)
        waitpid(child, nil, 0)
      }
    }
    try writeHDF5(source, to: directory.file("set.h5"))
    let child = try #require(source.children.all.first)
    #expect(child > 0 && kill(child, 0) == 0, "the process should still run")
    #expect(try HDF5Source(path: directory.file("set.h5")).count == 13)
  }
}
