import Testing

@testable import Training

@Suite struct ProgressReporterTests {
  typealias Line = ProgressReporter.Line

  final class Screen {
    var text = ""
    var time = 0.0
    func reporter(isLive: Bool, columns: Int = 200) -> ProgressReporter {
      ProgressReporter(isLive: isLive, columns: { columns }, now: { self.time }, write: { self.text += $0 })
    }
  }

  let line = Line(step: 12, steps: 6000, imagesPerSecond: 84.06, losses: [("discriminator", 0.8123), ("generator", -1.5)], remaining: 570)

  @Test func `columns keep their places when numbers grow`() {
    #expect(line.text == "step   12/6000      84.1 imgs/s  ETA  9 min 30 s  discriminator    0.8123  generator   -1.5000")
    let later = Line(
      step: 5999, steps: 6000, imagesPerSecond: 12345.6, losses: [("discriminator", -100.25), ("generator", 1234.5)], remaining: nil)
    #expect(later.text.count == line.text.count)
  }

  @Test(arguments: [
    (0.4, "0 s"), (59.4, "59 s"), (570, "9 min 30 s"), (3 * 3600 + 300, "3 h 05 min"), (187_200, "2 d 04 h"), (.infinity, "11574 d 01 h"),
  ])
  func `durations have two units at most`(_ seconds: Double, _ text: String) {
    #expect(Line.duration(seconds) == text)
  }

  @Test func `a file gets the lasting lines only and no control characters`() {
    let screen = Screen()
    let reporter = screen.reporter(isLive: false)
    reporter.show(line, lasts: false)
    reporter.show(line, lasts: true)
    reporter.note("checkpoint")
    reporter.finish()
    #expect(screen.text == line.text + "\ncheckpoint\n")
  }

  @Test func `a terminal's line is redrawn in place, cut to its width, at most five times a second`() {
    let screen = Screen()
    let reporter = screen.reporter(isLive: true, columns: 30)
    reporter.show(line, lasts: false)
    reporter.show(line, lasts: false)
    #expect(screen.text == "\r" + line.text.prefix(29) + "\u{1b}[K")
    screen.time = 0.3
    screen.text = ""
    reporter.show(line, lasts: false)
    reporter.note("checkpoint")
    #expect(screen.text == "\r" + line.text.prefix(29) + "\u{1b}[K" + "\r\u{1b}[K" + "checkpoint\n")
  }
}
