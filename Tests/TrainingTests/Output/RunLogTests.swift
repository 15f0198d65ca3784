import Foundation
import Testing

@testable import Training

@Suite struct RunLogTests {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("dist-gan-log-\(UUID().uuidString).jsonl").path

  private func lines() throws -> [[String: Any]] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func `each line is an object that other programs can read`() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let log = try RunLog(path: path)
    try log.write("step", [("step", .integer(7)), ("loss", .single(0.1)), ("name", .text("a \"b\"\n\\ é\u{1}"))])
    try log.write(
      "end", [("losses", .object([("d", .number(.nan)), ("g", .number(-2.5))])), ("ok", .flag(true)), ("list", .list([.integer(1)]))])
    let lines = try lines()
    #expect(lines.count == 2)
    #expect(lines[0]["event"] as? String == "step")
    #expect(lines[0]["step"] as? Int == 7)
    #expect((lines[0]["loss"] as? Double).map { Float($0) } == 0.1)
    #expect(lines[0]["name"] as? String == "a \"b\"\n\\ é\u{1}")
    let losses = try #require(lines[1]["losses"] as? [String: Any])
    #expect(losses["d"] is NSNull && losses["g"] as? Double == -2.5)
    #expect(lines[1]["ok"] as? Bool == true)
  }

  @Test func `a line cut short by a kill is removed and the others are kept`() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let long = String(repeating: "x", count: 9000)
    try Data("{\"event\": \"step\"}\n{\"event\": \"\(long)".utf8).write(to: URL(fileURLWithPath: path))
    let log = try RunLog(path: path)
    try log.write("end", [])
    #expect(try lines().map { $0["event"] as? String } == ["step", "end"])
  }

  @Test func `a log that cannot be made names the file and the reason`() throws {
    let error = try #require(throws: LogError.self) { try RunLog(path: "/proc/none/log.jsonl") }
    #expect(error.description.hasPrefix("/proc/none/log.jsonl: cannot open the log: "))
  }
}
