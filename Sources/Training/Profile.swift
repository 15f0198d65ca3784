import Tensors

/// Wall time by primitive.
public final class Profile {
  /// Seconds and calls of one primitive.
  public struct Entry: Sendable {
    /// Name of the primitive.
    public let name: String
    /// Wall seconds.
    public var seconds: Double
    /// Number of calls.
    public var calls: Int
  }

  fileprivate let stopwatch = Stopwatch()

  /// An empty profile.
  public init() {}

  /// Runs `body` with every primitive timed.
  public func profiling<R>(_ body: () throws -> R) rethrows -> R { try Observation.observing(stopwatch, body) }

  /// Times so far, the longest first.
  public var entries: [Entry] { stopwatch.entries.values.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) } }

  fileprivate final class Stopwatch: PrimitiveObserver {
    var entries: [String: Entry] = [:]
    private var start = ContinuousClock.now

    func willRun() { start = .now }
    func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) { stop(type(of: primitive).name) }
    func didEvaluate(_ name: String, _ outputs: [Tensor]) { stop(name) }

    private func stop(_ name: String) {
      let elapsed = start.duration(to: .now)
      var entry = entries[name] ?? Entry(name: name, seconds: 0, calls: 0)
      entry.seconds += elapsed / .seconds(1)
      entry.calls += 1
      entries[name] = entry
      start = .now
    }
  }
}
