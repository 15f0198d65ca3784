import Foundation
import Training

/// Progress of an import on standard error: on a terminal a live line, elsewhere a line now and then.
final class ImportProgress {
  private let count: Int
  private let isLive = ProgressReporter.isTerminal(STDERR_FILENO)
  private let start = ContinuousClock.now
  private var lastShown = ContinuousClock.now
  private var badShown = 0
  private var hasLiveLine = false

  /// Sentences about bad images that are shown; of more, only the number.
  private static let largestBadCount = 20

  /// Progress over a number of images.
  init(count: Int) { self.count = count }

  /// Shows how far it has come.
  func show(done: Int, bad: Int) {
    let now = ContinuousClock.now
    guard lastShown.duration(to: now) >= (isLive ? .milliseconds(200) : .seconds(10)) else { return }
    lastShown = now
    let seconds = max(1e-3, start.duration(to: now) / .seconds(1))
    let left = ProgressReporter.Line.duration(seconds * Double(count - done) / Double(max(1, done)))
    let line =
      "import  \(Text.right("\(done)", "\(count)".count))/\(count)  \(rate(done, seconds))  ETA \(left)" + (bad > 0 ? "  \(bad) bad" : "")
    write(isLive ? "\r\(line)\u{1b}[K" : "\(line)\n")
    hasLiveLine = isLive
  }

  /// Tells of a bad image.
  func noteBad(_ sentence: String) {
    badShown += 1
    if badShown <= Self.largestBadCount { note("left out     \(sentence)") }
  }

  /// A line that stays.
  func note(_ text: String) {
    write((hasLiveLine ? "\r\u{1b}[K" : "") + text + "\n")
    hasLiveLine = false
  }

  /// The last line.
  func finish(bad: Int) {
    if badShown > Self.largestBadCount { note("left out     \(badShown - Self.largestBadCount) more") }
    let seconds = max(1e-3, start.duration(to: .now) / .seconds(1))
    note("decoded      \(count) images in \(Text.seconds(seconds)), \(rate(count, seconds))")
  }

  private func rate(_ done: Int, _ seconds: Double) -> String { String(format: "%.0f imgs/s", Double(done) / seconds) }

  private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
