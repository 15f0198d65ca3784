import Datasets
import Foundation
import Testing

@Suite struct ProbeWatchTests {
  /// The line of a process in this state after so many seconds of processor time.
  private func look(_ state: String, _ seconds: Double) -> ProbeWatch.Look? {
    let (user, system) = (Int((60 * seconds).rounded()), Int((40 * seconds).rounded()))
    return ProbeWatch.Look("42 (dist) (gan)) \(state) 1 42 42 0 -1 4194304 100 0 0 0 \(user) \(system) 0 0 20 0 1 0 7 8 9")
  }

  /// Seconds until a process is given up, looked at each second; nil when it is not within ten minutes.
  private func lasts(_ state: String, working share: Double) throws -> Int? {
    var watch = ProbeWatch(patience: 20)
    return try (1...600).first { watch.isGivenUp(try #require(look(state, share * Double($0))), after: 1) }
  }

  @Test func `a process that works or sleeps without an end is given up`() throws {
    #expect(try lasts("R", working: 1) == 20)
    #expect(try lasts("S", working: 0) == 20)
    #expect(try lasts("D", working: 0) == 20)
    // A core of which it has a tenth.
    #expect(try lasts("R", working: 0.1) == 200)
  }

  @Test func `one that gets no core, or is stopped, is not`() throws {
    #expect(try lasts("R", working: 0) == nil)
    #expect(try lasts("T", working: 0) == nil)
  }

  @Test func `a sign of life counts`() throws {
    var watch = ProbeWatch(patience: 20)
    for second in 1...100 {
      #expect(!watch.isGivenUp(try #require(look("R", Double(second))), after: 1))
      if second.isMultiple(of: 10) { watch.hear() }
    }
  }

  @Test func `the kernel's own lines are understood, others refused`() throws {
    let text = try String(contentsOfFile: "/proc/self/stat", encoding: .utf8)
    #expect(try #require(ProbeWatch.Look(text)).ticks >= 0)
    #expect(ProbeWatch.Look("") == nil && ProbeWatch.Look("1 (a) R 1 2") == nil)
  }
}
