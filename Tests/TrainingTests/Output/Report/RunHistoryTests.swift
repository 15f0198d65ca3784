import Foundation
import Glibc
import Testing

@testable import Training

@Suite struct RunHistoryTests {
  let directory = FileManager.default.temporaryDirectory.appendingPathComponent("dist-gan-history-\(UUID().uuidString)").path

  init() throws { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) }

  private func history(_ lines: [String], _ ending: String = "\n") throws -> RunHistory {
    try Data((lines.joined(separator: "\n") + ending).utf8).write(to: URL(fileURLWithPath: "\(directory)/log.jsonl"))
    return try RunHistory(directory: directory)
  }

  private func remove() { try? FileManager.default.removeItem(atPath: directory) }

  private func header(_ step: Int, time: Int) -> String {
    #"{"event": "header", "time": \#(time), "step": \#(step), "steps": 9, "command": ["dist-gan", "--x"], "warnings": ["careful"]}"#
  }

  private func step(_ step: Int, _ loss: String, time: Int) -> String {
    #"{"event": "step", "time": \#(time), "step": \#(step), "secondsPerStep": 0.5, "imagesPerSecond": 20, "losses": {"d": \#(loss), "d real": 1}}"#
  }

  @Test func `a resumed run voids what it does again`() throws {
    defer { remove() }
    let history = try history([
      header(0, time: 1), step(2, "1", time: 2), #"{"event": "checkpoint", "time": 3, "step": 2, "path": "a"}"#, step(4, "2", time: 4),
      #"{"event": "samples", "time": 4, "step": 4, "path": "b"}"#, header(2, time: 5), step(4, "3", time: 6), step(6, "null", time: 7),
      #"{"event": "end", "time": 8, "step": 6, "outcome": "preempted", "seconds": 3, "parameters": "abc"}"#,
    ])
    #expect(history.losses.map(\.name) == ["d", "d real"])
    #expect(history.losses[0].points.map(\.step) == [2, 4, 6])
    #expect(history.losses[0].points.map(\.value).prefix(2) == [1, 3])
    #expect(history.losses[0].points[2].value.isNaN)
    #expect(history.sheets.isEmpty)
    #expect(
      history.occasions.map(\.kind) == [.started, .warning, .checkpoint, .interrupted, .resumed, .warning, .preempted])
    #expect(history.occasions[3].step == 4 && history.occasions[3].time == 4)
    #expect(history.state == .preempted)
    #expect(history.trainingSeconds == 3)
    #expect(history.times?.first == 1 && history.times?.last == 8)
  }

  @Test func `health is kept by quantity and voided with its steps, a warning is an occasion`() throws {
    defer { remove() }
    func health(_ step: Int, _ real: String) -> String {
      #"{"event": "health", "time": 3, "step": \#(step), "quantities": {"accuracy": {"real": \#(real), "fake": 1}, "slope": {"fake": 2}}}"#
    }
    let history = try history([
      header(0, time: 1), step(2, "1", time: 2), health(2, "0.5"), step(4, "1", time: 3), health(4, "0.6"),
      #"{"event": "warning", "time": 4, "step": 4, "text": "critic saturated"}"#, header(2, time: 5), health(4, "0.7"),
    ])
    #expect(history.health.map(\.quantity) == ["accuracy", "slope"])
    #expect(history.health[0].series.map(\.name) == ["real", "fake"] && history.health[1].series.map(\.name) == ["fake"])
    #expect(history.health[0].series[0].points.map(\.step) == [2, 4] && history.health[0].series[0].points.map(\.value) == [0.5, 0.7])
    let told = history.occasions.first { $0.text == "critic saturated" }
    #expect(told?.kind == .warning && told?.step == 4 && told?.time == 4)
  }

  @Test func `a run that says no more is running while its lock is held`() throws {
    defer { remove() }
    let lines = [header(0, time: 1), step(1, "1", time: 2)]
    #expect(try history(lines).state == .interrupted)
    let descriptor = unsafe open("\(directory)/run.lock", O_RDWR | O_CREAT, 0o600)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    // The last line is being written.
    let running = try history(lines, "\n{\"event\": \"st")
    #expect(running.state == .running && running.losses[0].points.count == 1 && running.unreadableLines == 0)
    #expect(running.occasions.map(\.kind) == [.started, .warning])
  }

  @Test func `lines that cannot be read are counted`() throws {
    defer { remove() }
    let history = try history([header(0, time: 1), "{broken", step(1, "1", time: 2)])
    #expect(history.unreadableLines == 1 && history.losses[0].points.count == 1)
  }

  @Test func `what is no run is refused in one sentence`() throws {
    defer { remove() }
    for place in [directory, "\(directory)/none"] {
      let error = try #require(throws: RunError.self) { try RunHistory(directory: place) }
      #expect(error.code == .noInput && error.description.hasPrefix("\(place): cannot report on it"))
    }
    #expect(throws: RunError.self) { try history([step(1, "1", time: 1)]) }
  }
}
