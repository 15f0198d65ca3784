import Foundation
import Training

/// Progress of drawing on standard error: on a terminal a live line, elsewhere a line now and then.
final class SampleProgress {
  private let count: Int
  private let isLive = ProgressReporter.isTerminal(STDERR_FILENO)
  private let start = ContinuousClock.now
  private var lastShown = ContinuousClock.now
  private var hasLiveLine = false

  /// Progress over a number of images.
  init(count: Int) { self.count = count }

  /// Shows how far it has come.
  func show(done: Int) {
    let now = ContinuousClock.now
    guard done < count, lastShown.duration(to: now) >= (isLive ? .milliseconds(200) : .seconds(10)) else { return }
    lastShown = now
    let seconds = max(1e-3, start.duration(to: now) / .seconds(1))
    let left = ProgressReporter.Line.duration(seconds * Double(count - done) / Double(max(1, done)))
    let rate = String(format: "%.1f imgs/s", Double(done) / seconds)
    let line = "sample  \(Text.right("\(done)", "\(count)".count))/\(count)  \(rate)  ETA \(left)"
    write(isLive ? "\r\(line)\u{1b}[K" : "\(line)\n")
    hasLiveLine = isLive
  }

  /// Removes the live line.
  func finish() {
    if hasLiveLine { write("\r\u{1b}[K") }
    hasLiveLine = false
  }

  private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
