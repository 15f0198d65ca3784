import Tensors

/// Wall time by primitive, and by layer, primitive and shape.
public final class Profile {
  /// One primitive, or one of a layer at one shape.
  public struct Entry: Sendable {
    /// Dotted path of the layer, empty outside one; gradients are named after the layer they are of.
    public let path: String
    /// Name of the primitive.
    public let name: String
    /// Shapes of the inputs on this rank; none for a kernel outside the graph.
    public let inputs: [[Int]]
    /// Shape of the result on this rank.
    public let output: [Int]
    /// Wall seconds, those of primitives inside it not counted.
    public fileprivate(set) var seconds = 0.0
    /// Number of calls.
    public fileprivate(set) var calls = 0
    /// Floating-point operations of a convolution, as the sum is defined, or of a product; 0 for anything else.
    public fileprivate(set) var productFlops = 0.0
  }

  private let stopwatch = Stopwatch()

  /// An empty profile.
  public init() {}

  /// Runs `body` with every primitive timed.
  public func profiling<R>(_ body: () throws -> R) rethrows -> R { try Observation.observing(stopwatch, body) }

  /// Times so far by layer, primitive and shapes, the longest first.
  public var layers: [Entry] { Self.sorted(stopwatch.entries.values) }

  /// Times so far by primitive, the longest first; without paths and shapes.
  public var entries: [Entry] {
    var sums: [String: Entry] = [:]
    for entry in stopwatch.entries.values {
      var sum = sums[entry.name] ?? Entry(path: "", name: entry.name, inputs: [], output: [])
      sum.seconds += entry.seconds
      sum.calls += entry.calls
      sum.productFlops += entry.productFlops
      sums[entry.name] = sum
    }
    return Self.sorted(sums.values)
  }

  private static func sorted(_ entries: some Sequence<Entry>) -> [Entry] {
    entries.sorted { ($1.seconds, $0.path, $0.name) < ($0.seconds, $1.path, $1.name) }
  }

  /// Times primitives, which may run others inside: each is counted without those.
  private final class Stopwatch: PrimitiveObserver {
    struct Key: Hashable {
      let path: String
      let name: String
      let inputs: [[Int]]
      let output: [Int]
    }

    private(set) var entries: [Key: Entry] = [:]
    /// Seconds so far of the primitives at work, the innermost last.
    private var running: [Double] = []
    private var mark = ContinuousClock.now

    func willRun() {
      lap()
      running.append(0)
    }

    func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) {
      // Nothing ran for another shape of the same memory, nor for a shape without numbers.
      if primitive.aliases || output.isAbstract { return }
      let shapes = inputs.map(\.shape)
      stop(type(of: primitive).name, shapes, output.shape, flops: primitive.isProduct ? primitive.flops(shapes, output.shape) : 0)
    }

    func didEvaluate(_ name: String, _ outputs: [Tensor], flops: Double) { stop(name, [], outputs[0].shape, flops: flops) }

    /// Gives the time since the last mark to the primitive at work.
    private func lap() {
      let now = ContinuousClock.now
      if !running.isEmpty { running[running.count - 1] += mark.duration(to: now) / .seconds(1) }
      mark = now
    }

    private func stop(_ name: String, _ inputs: [[Int]], _ output: [Int], flops: Double) {
      lap()
      let seconds = running.removeLast()
      let key = Key(path: Observation.path, name: name, inputs: inputs, output: output)
      var entry = entries[key] ?? Entry(path: key.path, name: name, inputs: inputs, output: output)
      entry.seconds += seconds
      entry.calls += 1
      entry.productFlops += flops
      entries[key] = entry
      // What was done here is no time of the primitive around it.
      mark = .now
    }
  }
}
