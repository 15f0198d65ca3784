import Foundation
import Training

/// A run as one HTML page, without anything from elsewhere.
struct ReportPage {
  private let history: RunHistory
  private let reel: SheetReel
  private let real: SheetReel
  private let now: Date

  /// Bytes of all sheets before they are written as text, which takes a third more: with the rest of the page below 5 MB.
  private static let sheetBytes = 3_400_000
  private static let realBytes = 150_000

  init(_ history: RunHistory, now: Date) {
    self.history = history
    self.now = now
    func file(_ name: String) -> String { "\(history.directory)/\(name)" }
    reel = SheetReel(history.sheets.map { ($0.step, file("samples/step-\($0.step).png")) }, bytes: Self.sheetBytes)
    real = SheetReel(FileManager.default.fileExists(atPath: file("real.png")) ? [(0, file("real.png"))] : [], bytes: Self.realBytes)
  }

  /// What is on it, in a few words.
  var summary: String {
    let steps = history.last?["step"]?.int ?? 0
    return "\(steps) steps, \(reel.frames.count) sample sheets, \(history.state.rawValue)"
  }

  /// The page.
  var html: String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(title)) · dist-gan</title><style>\(ReportStyle.text)</style></head><body>
    \(masthead)
    <main>
    \(tiles)
    \(samples)
    \(curves)
    \(facts)
    \(occasions)
    \(classes)
    </main>
    <footer>Written by \(escaped(value("program"))) on \(Self.date(now.timeIntervalSince1970)), from \
    \(escaped(history.directory))/log.jsonl\(history.unreadableLines > 0 ? " (\(history.unreadableLines) lines of it could not be read)" : "").\
    </footer>
    <script>\(ReportScript.text)</script></body></html>

    """
  }

  // MARK: Parts

  private var header: JSON { history.headers.last ?? .object([]) }
  private var identity: [(name: String, value: JSON)] { header["identity"]?.fields ?? [] }

  private func value(_ name: String) -> String { header[name]?.plainText ?? "unknown" }

  private func option(_ name: String) -> String? { identity.first { $0.name == name }?.value.plainText }

  private var title: String {
    [option("model"), option("preset"), header["data"]?.plainText].compactMap(\.self).joined(separator: " · ")
  }

  private var step: Int { max(history.last?["step"]?.int ?? 0, header["step"]?.int ?? 0) }
  private var steps: Int { header["steps"]?.int ?? 0 }

  private var masthead: String {
    let part = steps > 0 ? min(100, 100 * Double(step) / Double(steps)) : 0
    let state = history.state.rawValue
    return """
      <header><div class="row"><h1>\(escaped(title))</h1><span class="state \(state)">\(state)</span></div>
      <p>\(escaped(history.directory))</p>
      <div class="bar" title="step \(step) of \(steps)"><div class="\(state)" style="width:\(String(format: "%.2f", part))%"></div></div></header>
      """
  }

  private var tiles: String {
    let speeds = history.imagesPerSecond.points.map(\.value).filter(\.isFinite)
    let seconds = history.secondsPerStep.points.map(\.value).filter(\.isFinite)
    let typical = Self.middle(speeds.suffix(50))
    let typicalStep = Self.middle(seconds.suffix(50))
    var tiles = [("step", "\(Self.grouped(step)) <small>of \(Self.grouped(steps))</small>")]
    if let typical { tiles.append(("images per second", CurvePlot.digits(typical))) }
    if let typicalStep { tiles.append(("a step", Text.seconds(typicalStep))) }
    tiles.append(("trained for", ProgressReporter.Line.duration(history.trainingSeconds)))
    if let typicalStep, history.state != .finished, steps > step {
      tiles.append(("to go", ProgressReporter.Line.duration(typicalStep * Double(steps - step))))
    }
    if let position = history.last?["position"]?.int, let epoch = history.last?["epoch"]?.int {
      tiles.append(("images seen", "\(Text.count(position)) <small>epoch \(epoch)</small>"))
    }
    let ranks = header["ranks"]?.int ?? 1
    tiles.append(("ranks", "\(ranks) <small>x \(Self.counted(header["threads"]?.int ?? 1, "thread"))</small>"))
    let parameters = header["plan"]?["parameters"]?.fields.compactMap(\.value.int).reduce(0, +) ?? 0
    if parameters > 0 { tiles.append(("parameters", Text.count(parameters))) }
    let cells = tiles.map { "<div><span>\($0.0)</span><strong>\($0.1)</strong></div>" }
    return "<section class=\"tiles\">\(cells.joined())</section>"
  }

  private var samples: String {
    guard let newest = reel.frames.last else {
      return "<section><h2>Samples</h2><p class=\"none\">No sample sheet was drawn yet.</p></section>"
    }
    let images = reel.frames.map { frame in
      let isNewest = frame.step == newest.step
      return """
        <img data-step="\(frame.step)" alt="samples of step \(frame.step)" width="\(frame.width)" height="\(frame.height)" \
        \(frame.isReduced ? "class=\"reduced\" " : "")\(isNewest ? "" : "hidden ")src="\(Self.address(frame.png))">
        """
    }
    let notes = [
      reel.note, reel.left > 0 ? "\(reel.left) sheets between these are left out" : nil,
      reel.unreadable > 0 ? "\(reel.unreadable) sheets are missing on disk or damaged" : nil,
    ].compactMap(\.self)
    let original = real.frames.first.map { frame in
      """
      <figure class="sheet"><figcaption>Real images</figcaption>\
      <img alt="real images" width="\(frame.width)" height="\(frame.height)" src="\(Self.address(frame.png))"></figure>
      """
    }
    return """
      <section><h2>Samples</h2>\(notes.isEmpty ? "" : "<p class=\"note\">\(Self.sentence(notes))</p>")
      <div class="reel"><button type="button" id="play" aria-label="play">&#9654;</button>
      <input type="range" id="slider" min="0" max="\(reel.frames.count - 1)" value="\(reel.frames.count - 1)" aria-label="sheet">
      <output id="shown">step \(newest.step)</output></div>
      <div class="sheets"><figure class="sheet" id="sheets"><figcaption>Samples, of the same z at every step</figcaption>\(images.joined(separator: "\n"))</figure>
      \(original ?? "")</div></section>
      """
  }

  /// Losses of networks together, what a phase reports together, each quantity of health, and speeds.
  private var curves: String {
    let phases = history.losses.filter { !$0.name.contains(" ") }.map(\.name)
    var plots: [(title: String, series: [(name: String, series: RunHistory.Series)])] = []
    plots.append(("Losses", history.losses.filter { phases.contains($0.name) }.map { ($0.name, $0) }))
    for phase in phases {
      let reports = history.losses.filter { $0.name.hasPrefix(phase + " ") }
      plots.append((phase.prefix(1).uppercased() + phase.dropFirst(), reports.map { (String($0.name.dropFirst(phase.count + 1)), $0) }))
    }
    let others = history.losses.filter { loss in !phases.contains { loss.name == $0 || loss.name.hasPrefix($0 + " ") } }
    plots.append(("Other losses", others.map { ($0.name, $0) }))
    for quantity in history.health {
      plots.append(("Health: \(quantity.quantity)", quantity.series.map { ($0.name, $0) }))
    }
    plots.append(("Images per second", [("images per second", history.imagesPerSecond)]))
    plots.append(("Seconds per step", [("seconds per step", history.secondsPerStep)]))
    let marks = history.occasions.filter { $0.kind == .resumed }.map(\.step)
    var averaged = 0
    let figures = plots.flatMap { plot -> [String] in
      let drawn = plot.series.filter { !$0.series.points.isEmpty }.map { Curve(name: $0.name, points: $0.series.points) }
      averaged = max(averaged, drawn.filter { $0.averages != nil }.map(\.averagedSteps).max() ?? 0)
      return stride(from: 0, to: drawn.count, by: CurvePlot.mostCurves).map { first in
        let title = first > 0 ? "\(plot.title), \(first / CurvePlot.mostCurves + 1)" : plot.title
        return CurvePlot(title: title, curves: Array(drawn[first..<min(first + CurvePlot.mostCurves, drawn.count)]), marks: marks).html
      }
    }
    guard !figures.isEmpty else { return "<section><h2>Curves</h2><p class=\"none\">No step was logged yet.</p></section>" }
    let note =
      averaged > 1
      ? "Bold: moving averages over about \(averaged) steps; faint: as logged. Legends have the last values. "
      : "Legends have the last values. "
    let resumed = marks.isEmpty ? "" : "Dashed: where the run was resumed."
    return
      "<section><h2>Curves</h2><p class=\"note\">\(note)\(resumed)</p><div class=\"plots\">\(figures.joined(separator: "\n"))</div></section>"
  }

  private var facts: String {
    var run: [(String, String)] = [("model", option("model") ?? "unknown"), ("preset", option("preset") ?? "unknown")]
    let images = header["images"]?.int.map { "\(Self.grouped($0)) images" }
    let classes = header["classes"]?.int.map { Self.counted($0, "class", "classes") }
    run.append(
      ("data", [header["data"]?.plainText, images, header["format"]?.plainText, classes].compactMap(\.self).joined(separator: ", ")))
    run.append(
      (
        "ranks",
        "\(Self.counted(header["ranks"]?.int ?? 1, "rank")) on \(Self.counted(header["hosts"]?.int ?? 1, "host")) (\(value("host")))"
      ))
    for (name, text) in header["machine"]?.fields ?? [] { run.append((name, text.plainText.components(separatedBy: " NO_")[0])) }
    run.append(
      ("reduction", value("reduction") + (value("exact") == "yes" ? ", the same bits on any ranks" : ", bits depend on the ranks")))
    if let plan = header["plan"] {
      for (name, count) in plan["parameters"]?.fields ?? [] { run.append((name, "\(Text.count(count.int ?? 0)) parameters")) }
      if let flops = plan["flopsPerStep"]?.double { run.append(("a step", Text.operations(flops))) }
      if let bytes = plan["reducedBytesPerStep"]?.int { run.append(("summed over ranks", "\(Text.bytes(bytes)) a step")) }
      let memory = (plan["stateBytesPerRank"]?.int ?? 0) + (plan["activationBytesPerRank"]?.int ?? 0)
      run.append(("memory", "about \(Text.bytes(memory)) a rank"))
    }
    run.append(("command", header["command"]?.values.map(\.plainText).joined(separator: " ") ?? "unknown"))
    let options = identity.map { ($0.name, $0.value.plainText) }
    return """
      <section class="facts"><div><h2>Run</h2>\(Self.table(run))</div><div><h2>Options</h2>\(Self.table(options))</div></section>
      """
  }

  private var occasions: String {
    // Many checkpoints are alike; the last ones tell where the run can go on.
    let checkpoints = history.occasions.filter { $0.kind == .checkpoint }.count
    var skipped = max(0, checkpoints - 20)
    var rows: [String] = []
    for occasion in history.occasions {
      if occasion.kind == .checkpoint, skipped > 0 {
        skipped -= 1
        continue
      }
      rows.append(
        "<tr><td>\(occasion.time.map(Self.date) ?? "")</td><td class=\"number\">\(Self.grouped(occasion.step))</td>"
          + "<td><span class=\"kind \(occasion.kind.rawValue)\">\(occasion.kind.rawValue)</span></td><td>\(escaped(occasion.text))</td></tr>"
      )
    }
    let note = checkpoints > 20 ? "<p class=\"note\">Of \(checkpoints) checkpoints the last 20 are listed.</p>" : ""
    return """
      <section><h2>What happened</h2>\(note)<div class="scroll"><table class="log"><tr><th>time (UTC)</th><th>step</th><th>what</th><th></th></tr>
      \(rows.joined(separator: "\n"))</table></div></section>
      """
  }

  private var classes: String {
    let names = header["classNames"]?.values.map(\.plainText) ?? []
    guard !names.isEmpty else { return "" }
    let items = names.enumerated().map { "<li><i>\($0.offset)</i>\(escaped($0.element))</li>" }
    return "<section><h2>Classes</h2><ul class=\"classes\">\(items.joined())</ul></section>"
  }

  // MARK: Texts

  private static func table(_ rows: [(String, String)]) -> String {
    "<table>\(rows.map { "<tr><th>\(escaped($0.0))</th><td>\(escaped($0.1))</td></tr>" }.joined())</table>"
  }

  private static func address(_ png: [UInt8]) -> String { "data:image/png;base64,\(Data(png).base64EncodedString())" }

  private static func middle(_ values: ArraySlice<Double>) -> Double? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }

  private static func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count) \(count == 1 ? one : many ?? one + "s")"
  }

  private static func sentence(_ parts: [String]) -> String {
    let text = parts.joined(separator: "; ")
    return text.prefix(1).uppercased() + text.dropFirst() + "."
  }

  /// `12,345`.
  private static func grouped(_ number: Int) -> String {
    var digits = String(abs(number)), parts: [String] = []
    while digits.count > 3 {
      parts.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (number < 0 ? "-" : "") + ([digits] + parts).joined(separator: ",")
  }

  /// `2026-03-01 14:05:09`.
  private static func date(_ seconds: Double) -> String {
    let style = Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .gmt).year().month().day().time(
      includingFractionalSeconds: false)
    return Date(timeIntervalSince1970: seconds).formatted(style)
  }
}
