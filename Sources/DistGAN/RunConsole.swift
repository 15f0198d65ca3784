import Adversarial
import Datasets
import Foundation
import Images
import Training

/// What the first rank shows and keeps of a run: progress, `log.jsonl`, TensorBoard's events, sample sheets.
final class RunConsole: RunObserver {
  /// Path of the last checkpoint.
  private(set) var checkpoint: String?
  /// Path of the last sample sheet.
  private(set) var samples: String?

  private let directory: String
  private let source: any ImageSource
  private let logEvery: Int
  private let progress: ProgressReporter?
  private let log: RunLog
  private let events: EventFile
  private let sheet: SampleSheet
  private let nearest: NearestImages
  private var monitor = HealthMonitor()
  private var tick = Tick()
  private var whole = Tick()
  /// Steps until a rest can be foretold; the first ones are slower than the others.
  private static let warmUp = 5

  /// Sums over some steps.
  private struct Tick {
    var steps = 0
    var images = 0
    var seconds = 0.0

    mutating func add(_ record: StepRecord) {
      steps += 1
      images += record.images
      seconds += record.seconds
    }

    var secondsPerStep: Double { seconds / Double(steps) }

    var imagesPerSecond: Double? { seconds > 0 && images > 0 ? Double(images) / seconds : nil }
  }

  /// Opens the log and the events, and draws the sheet of real images in `directory`.
  /// - Parameters:
  ///   - host: name of this host.
  ///   - step: where the run begins.
  ///   - progress: nil for a run that prints nothing.
  init(directory: String, host: String, source: any ImageSource, after step: Int, logEvery: Int, progress: ProgressReporter?) throws {
    self.directory = directory
    self.source = source
    self.logEvery = logEvery
    self.progress = progress
    log = try RunLog(path: "\(directory)/log.jsonl")
    events = try EventFile(directory: directory, host: host, after: step)
    sheet = SampleSheet(format: source.format)
    nearest = NearestImages(source)
    try sheet.real(source, classes: SheetLabels.shown(of: source.classCount)).writePNG(to: "\(directory)/real.png")
  }

  /// Tells and keeps what is known before the first step.
  func begin(_ header: RunHeader, after step: Int) {
    write("header", header.fields)
    keep {
      try events.write(markdown: header.markdown, tag: "run", step: step)
      try write(pictureAt: "\(directory)/real.png", tag: "real", step: step)
    }
    progress?.note(header.text)
  }

  func stepDone(_ record: StepRecord) {
    tick.add(record)
    whole.add(record)
    defer { if let health = record.health { examined(health, step: record.step) } }
    if whole.steps == Self.warmUp { whole.seconds = 0 }
    let measured = whole.steps - Self.warmUp
    let remaining = measured > 0 ? whole.seconds / Double(measured) * Double(record.steps - record.step) : nil
    let lasts = record.step % logEvery == 0 || record.step == record.steps
    progress?.show(
      ProgressReporter.Line(
        step: record.step, steps: record.steps, imagesPerSecond: tick.imagesPerSecond, losses: record.losses, remaining: remaining),
      lasts: lasts)
    guard lasts else { return }
    if record.step == record.steps { progress?.finish() }
    write(
      "step",
      [
        ("step", .integer(record.step)), ("epoch", .integer(record.epoch)), ("position", .integer(record.position)),
        ("secondsPerStep", .number(tick.secondsPerStep)), ("imagesPerSecond", .number(tick.imagesPerSecond ?? .nan)),
        ("losses", .object(record.losses.map { ($0.name, .single($0.value)) })),
      ])
    keep {
      let losses = record.losses.map { (tag: "loss/\($0.name)", value: $0.value) }
      let speed = tick.imagesPerSecond.map { [(tag: "speed/images per second", value: Float($0))] } ?? []
      let rest = [(tag: "speed/seconds per step", value: Float(tick.secondsPerStep)), (tag: "data/epoch", value: Float(record.epoch))]
      try events.write(scalars: losses + speed + rest, step: record.step)
    }
    tick = Tick()
  }

  /// Keeps what an examination found, and says what begins to go wrong.
  private func examined(_ health: Health, step: Int) {
    func fields(_ entries: [Health.Entry]) -> JSON { .object(entries.map { ($0.name, .single($0.value)) }) }
    write("health", [("step", .integer(step)), ("quantities", .object(health.quantities.map { ($0.name, fields($0.entries)) }))])
    keep {
      let scalars = health.quantities.flatMap { quantity in
        quantity.entries.map { (tag: "health/\(quantity.name) \($0.name)", value: $0.value) }
      }
      try events.write(scalars: scalars, step: step)
    }
    for warning in monitor.warnings(health) {
      write("warning", [("step", .integer(step)), ("text", .text(warning))])
      keep { try events.write(markdown: warning, tag: "warning", step: step) }
      progress?.note("warning: step \(step): \(warning)")
    }
  }

  func checkpointWritten(_ path: String, step: Int) {
    checkpoint = path
    write("checkpoint", [("step", .integer(step)), ("path", .text(path))])
    progress?.note("checkpoint   \(path)")
  }

  func samplesDue(step: Int, _ sampler: Sampler) throws {
    let path = "\(directory)/samples/step-\(step).png"
    let labels = SheetLabels(classes: sampler.traits.classes, columns: sheet.columns)
    let names = labels.rows.map { SampleSheet.name(ofClass: $0, in: sampler.traits.classNames ?? source.classNames) }
    try sheet.generated(sampler.images(labels: labels.all), rowLabels: names, nearest: nearest).writePNG(to: path)
    samples = path
    write("samples", [("step", .integer(step)), ("path", .text(path))])
    keep { try write(pictureAt: path, tag: "samples", step: step) }
    for plan in sampler.sheets { try draw(plan, step: step, sampler) }
  }

  /// A sheet of the model's own.
  private func draw(_ plan: SheetPlan, step: Int, _ sampler: Sampler) throws {
    let path = "\(directory)/samples/\(plan.name)-step-\(step).png"
    let own = SampleSheet(format: source.format, columns: plan.columns)
    try own.generated(sampler.images(of: plan), caption: plan.caption, rowLabels: plan.rowLabels).writePNG(to: path)
    write("sheet", [("step", .integer(step)), ("name", .text(plan.name)), ("path", .text(path))])
    keep { try write(pictureAt: path, tag: "sheet/\(plan.name)", step: step) }
  }

  /// Leaves the live line.
  func finish() { progress?.finish() }

  /// A line of the log.
  func write(_ event: String, _ fields: [(name: String, value: JSON)]) { keep { try log.write(event, fields) } }

  private func write(pictureAt path: String, tag: String, step: Int) throws {
    try events.write(png: [UInt8](Data(contentsOf: URL(fileURLWithPath: path))), tag: tag, step: step)
  }

  /// What cannot be written costs a warning, not the run.
  private func keep(_ writing: () throws -> Void) {
    do { try writing() } catch { progress?.note("warning: \(error)") }
  }
}

/// The classes of a sample sheet: rows of one class each, evenly spread over a large number of classes.
struct SheetLabels {
  /// Classes of the rows; empty without classes.
  let rows: [Int]
  /// A class for each image, row by row.
  let all: [Int32]
  /// More rows do not fit on a screen.
  private static let limit = 16

  init(classes: Int?, columns: Int) {
    rows = Self.shown(of: classes ?? 0)
    let shown = rows.isEmpty ? [Int](repeating: 0, count: columns) : rows
    all = shown.flatMap { [Int32](repeating: Int32($0), count: columns) }
  }

  /// At most 16 of `count` classes.
  static func shown(of count: Int) -> [Int] {
    let rows = min(count, limit)
    return (0..<rows).map { $0 * count / rows }
  }
}

/// What the other ranks show: nothing.
final class SilentObserver: RunObserver {
  func stepDone(_ record: StepRecord) {}
  func checkpointWritten(_ path: String, step: Int) {}
  func samplesDue(step: Int, _ sampler: Sampler) {}
}
