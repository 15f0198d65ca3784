internal import Foundation
internal import Glibc

/// Progress of a run for people: on a terminal one live line below lasting ones, in a file plain lines.
///
/// Columns are fixed: `step  1200/6000   84.1 imgs/s   ETA  9 min 30 s   discriminator  0.8123   generator  0.4410`.
/// Losses are dimensionless; a value that is worth keeping is in the run's log.
public final class ProgressReporter {
  /// One state of the run.
  public struct Line: Sendable, Equatable {
    /// Steps done.
    public var step: Int
    /// Steps of the whole run.
    public var steps: Int
    /// Images of the global batches taken in per second; nil before it is known.
    public var imagesPerSecond: Double?
    /// Losses of the last step by phase.
    public var losses: [(name: String, value: Float)]
    /// Seconds to go; nil before they can be told.
    public var remaining: Double?

    /// A state of these values.
    public init(step: Int, steps: Int, imagesPerSecond: Double?, losses: [(name: String, value: Float)], remaining: Double?) {
      self.step = step
      self.steps = steps
      self.imagesPerSecond = imagesPerSecond
      self.losses = losses
      self.remaining = remaining
    }

    /// Equal when printed the same.
    public static func == (left: Line, right: Line) -> Bool { left.text == right.text }

    /// The line with its columns and units.
    public var text: String {
      let total = "\(steps)"
      var columns = ["step " + Self.right("\(step)", total.count) + "/" + total]
      columns.append(Self.right(imagesPerSecond.map { String(format: "%.1f", $0) } ?? "-", 8) + " imgs/s")
      columns.append("ETA " + Self.right(remaining.map(Self.duration) ?? "-", 11))
      for loss in losses { columns.append(loss.name + Self.right(String(format: "%.4f", Double(loss.value)), 10)) }
      return columns.joined(separator: "  ")
    }

    private static func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// `12 s`, `9 min 30 s`, `3 h 05 min`, `2 d 04 h`.
    public static func duration(_ seconds: Double) -> String {
      let whole = Int(min(max(0, seconds.rounded()), 1e9))
      switch whole {
      case ..<60: return "\(whole) s"
      case ..<3600: return String(format: "%d min %02d s", whole / 60, whole % 60)
      case ..<86400: return String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
      default: return String(format: "%d d %02d h", whole / 86400, whole / 3600 % 24)
      }
    }
  }

  /// Whether the live line is redrawn in place.
  public let isLive: Bool
  private let write: (String) -> Void
  private let columns: () -> Int
  private let now: () -> Double
  private var lastDrawn = -Double.infinity
  private var hasLiveLine = false
  /// Redrawing more often than the eye can follow costs time on slow terminals.
  private static let interval = 0.2

  /// Progress on standard output, live if that is a terminal. Errors of writing, such as a closed pipe, are ignored.
  public convenience init() {
    self.init(isLive: Self.isTerminal(STDOUT_FILENO), columns: Self.terminalColumns, now: { Self.uptime }, write: Self.toStandardOutput)
  }

  /// Whether what is written to a stream of this process comes to a terminal, in which lines can be redrawn.
  ///
  /// mpirun gives its ranks a terminal of their own and passes on what comes out of it: then mpirun's stream tells, its parent's.
  public static func isTerminal(_ stream: Int32) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    guard isatty(stream) == 1, environment["TERM"] != "dumb" else { return false }
    guard environment["OMPI_COMM_WORLD_SIZE"] != nil else { return true }
    let end = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(getppid())/fd/\(stream)")
    return end.map { $0.hasPrefix("/dev/pts/") || $0.hasPrefix("/dev/tty") } ?? true
  }

  /// Progress written by `write`, for tests.
  init(isLive: Bool, columns: @escaping () -> Int, now: @escaping () -> Double, write: @escaping (String) -> Void) {
    self.isLive = isLive
    self.columns = columns
    self.now = now
    self.write = write
  }

  /// Shows the state after a step.
  /// - Parameters:
  ///   - line: step, rate and losses.
  ///   - lasts: whether the line stays: every so many steps. Others only redraw the live line of a terminal.
  public func show(_ line: Line, lasts: Bool) {
    if lasts && !isLive { return write(line.text + "\n") }
    guard isLive else { return }
    let time = now()
    guard lasts || time - lastDrawn >= Self.interval else { return }
    lastDrawn = time
    // A line longer than the terminal would wrap and could not be redrawn.
    write("\r" + line.text.prefix(max(20, columns() - 1)) + "\u{1b}[K")
    hasLiveLine = true
  }

  /// Prints a lasting line above the live one.
  public func note(_ text: String) {
    write((hasLiveLine ? "\r\u{1b}[K" : "") + text + "\n")
    hasLiveLine = false
  }

  /// Leaves the last live line where it is and begins a new one.
  public func finish() {
    if hasLiveLine { write("\n") }
    hasLiveLine = false
  }

  private static var uptime: Double { ProcessInfo.processInfo.systemUptime }

  private static func terminalColumns() -> Int {
    var size = winsize()
    // Sound: the call fills the struct it is defined for.
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
    return Int(size.ws_col)
  }

  private static func toStandardOutput(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }
}
