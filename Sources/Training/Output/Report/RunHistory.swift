internal import Foundation
internal import Glibc

/// What the log of a run tells, over all its starts.
///
/// A start that went on from an earlier step voids what was logged of later ones, which were done again.
public struct RunHistory {
  /// What a number did over the steps.
  public struct Series {
    /// Name, as `discriminator` or `discriminator real logit`.
    public let name: String
    /// Values by ascending step; NaN where the log has none.
    public var points: [(step: Int, value: Double)]
  }

  /// Something that happened once.
  public struct Occasion {
    /// What it was.
    public enum Kind: String, Sendable {
      case started, resumed, checkpoint, finished, preempted, interrupted, warning
    }
    public let kind: Kind
    /// Steps done by then.
    public let step: Int
    /// Seconds since 1970; nil in logs that do not tell.
    public let time: Double?
    /// More about it.
    public let text: String
  }

  /// How the run stands.
  public enum State: String, Sendable {
    case running, finished, preempted, interrupted
  }

  /// The run's directory.
  public let directory: String
  /// What each start said of itself, the last one last.
  public private(set) var headers: [JSON] = []
  /// Losses and what else the model reports, in the order of the log.
  public private(set) var losses: [Series] = []
  /// What examinations of the critic found, by quantity: `accuracy`, with a series for real images and one for generated ones.
  public private(set) var health: [(quantity: String, series: [Series])] = []
  /// Images of the global batches taken in per second.
  public private(set) var imagesPerSecond = Series(name: "images per second", points: [])
  /// Seconds of a step.
  public private(set) var secondsPerStep = Series(name: "seconds per step", points: [])
  /// Steps with a sample sheet, and when it was drawn.
  public private(set) var sheets: [(step: Int, time: Double?)] = []
  /// What happened, in order.
  public private(set) var occasions: [Occasion] = []
  /// The last line about a step.
  public private(set) var last: JSON?
  /// Time of the first and the last line, in seconds since 1970.
  public private(set) var times: (first: Double, last: Double)?
  /// Seconds that the steps took, those done again counted once.
  public var trainingSeconds: Double {
    var (sum, before) = (0.0, headers.first?["step"]?.int ?? 0)
    for point in secondsPerStep.points {
      if point.value.isFinite { sum += point.value * Double(point.step - before) }
      before = point.step
    }
    return sum
  }
  /// How the run stands.
  public private(set) var state = State.interrupted
  /// Lines that could not be read.
  public private(set) var unreadableLines = 0

  /// Reads the log of the run in `directory`, which may be going on.
  /// - Throws: `RunError` with exit code 66 when there is no such run or no log, 74 when it cannot be read.
  public init(directory: String) throws {
    self.directory = directory
    let path = "\(directory)/log.jsonl"
    var isDirectory: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory.boolValue else {
      throw RunError(.noInput, "\(directory): cannot report on it: there is no such directory; name the output directory of a run")
    }
    guard FileManager.default.fileExists(atPath: path) else {
      throw RunError(.noInput, "\(directory): cannot report on it: it has no log.jsonl; name the output directory of a run")
    }
    let text: Data
    do {
      text = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw RunError(.inputOutput, LogError(path: path, attempt: "read the log", reason: error).description)
    }
    // What follows the last end of a line is being written.
    let lines = text[..<(text.lastIndex(of: UInt8(ascii: "\n")) ?? text.startIndex)].split(separator: UInt8(ascii: "\n"))
    for line in lines {
      if let value = try? JSON(parsing: line) { take(value) } else { unreadableLines += 1 }
    }
    guard !headers.isEmpty else {
      throw RunError(.noInput, "\(path): cannot report on it: no start of a run is logged in it; name the output directory of a run")
    }
    conclude()
  }

  private mutating func take(_ line: JSON) {
    let (step, time) = (line["step"]?.int ?? 0, line["time"]?.double)
    switch line["event"]?.plainText {
    case "header": begin(line, after: step, time)
    case "step":
      last = line
      for loss in line["losses"]?.fields ?? [] { Self.add(loss.value, of: loss.name, step, to: &losses) }
      imagesPerSecond.points.append((step, line["imagesPerSecond"]?.double ?? .nan))
      secondsPerStep.points.append((step, line["secondsPerStep"]?.double ?? .nan))
    case "health":
      for quantity in line["quantities"]?.fields ?? [] { add(quantity.value, of: quantity.name, step) }
    case "warning":
      occasions.append(Occasion(kind: .warning, step: step, time: time, text: line["text"]?.plainText ?? ""))
    case "checkpoint":
      occasions.append(Occasion(kind: .checkpoint, step: step, time: time, text: line["path"]?.plainText ?? ""))
    case "samples": sheets.append((step, time))
    case "end":
      let isFinished = line["outcome"]?.plainText == "finished"
      let hash = line["parameters"].map { "parameters \($0.plainText)" } ?? ""
      occasions.append(Occasion(kind: isFinished ? .finished : .preempted, step: step, time: time, text: hash))
    default: break
    }
    if let time { times = (times?.first ?? time, time) }
  }

  private mutating func begin(_ line: JSON, after step: Int, _ time: Double?) {
    if !headers.isEmpty, !hasEnded { interrupt() }
    func isKept(_ point: (step: Int, value: Double)) -> Bool { point.step <= step }
    for index in losses.indices { losses[index].points.removeAll { !isKept($0) } }
    for quantity in health.indices {
      for index in health[quantity].series.indices { health[quantity].series[index].points.removeAll { !isKept($0) } }
    }
    imagesPerSecond.points.removeAll { !isKept($0) }
    secondsPerStep.points.removeAll { !isKept($0) }
    sheets.removeAll { $0.step > step }
    let words = line["command"]?.values.map(\.plainText).joined(separator: " ") ?? ""
    occasions.append(Occasion(kind: headers.isEmpty && step == 0 ? .started : .resumed, step: step, time: time, text: words))
    for warning in line["warnings"]?.values ?? [] {
      occasions.append(Occasion(kind: .warning, step: step, time: time, text: warning.plainText))
    }
    headers.append(line)
  }

  /// Whether the last start said how it ended.
  private var hasEnded: Bool {
    let kind = occasions.last { ![.checkpoint, .warning].contains($0.kind) }?.kind
    return kind == .finished || kind == .preempted || kind == .interrupted
  }

  private mutating func interrupt() {
    let step = max(last?["step"]?.int ?? 0, headers.last?["step"]?.int ?? 0)
    occasions.append(Occasion(kind: .interrupted, step: step, time: times?.last, text: "ended without a last word"))
  }

  private static func add(_ value: JSON, of name: String, _ step: Int, to list: inout [Series]) {
    if let index = list.firstIndex(where: { $0.name == name }) {
      list[index].points.append((step, value.double ?? .nan))
    } else {
      list.append(Series(name: name, points: [(step, value.double ?? .nan)]))
    }
  }

  private mutating func add(_ values: JSON, of quantity: String, _ step: Int) {
    let index = health.firstIndex { $0.quantity == quantity } ?? health.count
    if index == health.count { health.append((quantity, [])) }
    for entry in values.fields { Self.add(entry.value, of: entry.name, step, to: &health[index].series) }
  }

  private mutating func conclude() {
    if hasEnded {
      state = occasions.last { $0.kind == .finished || $0.kind == .preempted }?.kind == .finished ? .finished : .preempted
    } else if isHeld {
      state = .running
    } else {
      interrupt()
    }
  }

  /// Whether a process holds the run's lock.
  private var isHeld: Bool {
    let descriptor = unsafe open("\(directory)/run.lock", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }
}
