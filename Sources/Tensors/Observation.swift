/// Sees every primitive that runs: the debug mode's NaN check, the profile, the plan's counts, and replay are observers.
package protocol PrimitiveObserver: AnyObject {
  /// Whether recorded nodes keep all numbers, so that the graph can be replayed.
  var keepsGraph: Bool { get }
  /// Counts the memory of a planning run; nil otherwise.
  var meter: MemoryMeter? { get }
  /// A primitive is about to run.
  func willRun()
  /// A primitive has run (or has been planned, on shape-only tensors).
  func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor)
  /// A fused kernel outside the graph has run, of so many floating-point operations of products.
  func didEvaluate(_ name: String, _ outputs: [Tensor], flops: Double)
  /// A fused kernel outside the graph, of so many floating-point operations, has been planned.
  func didPlan(flops: Double)
}

extension PrimitiveObserver {
  package var keepsGraph: Bool { false }
  package var meter: MemoryMeter? { nil }
  package func willRun() {}
  package func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) {}
  package func didEvaluate(_ name: String, _ outputs: [Tensor], flops: Double) {}
  package func didPlan(flops: Double) {}
}

/// The observer in force and the dotted path of the layer at work, for the length of a closure.
package enum Observation {
  /// Nil outside `observing`.
  @TaskLocal static var current: Context?

  /// Observer and path; a class so that the path can change without a new task-local value.
  final class Context: @unchecked Sendable {
    // Sound: a context is used by the one thread that runs `observing`.
    let observer: any PrimitiveObserver
    var path: [String] = []
    init(_ observer: any PrimitiveObserver) { self.observer = observer }
  }

  static var observer: (any PrimitiveObserver)? { current?.observer }

  /// The dotted path of the layer at work, as `discriminator.blocks.1.conv2`; empty outside a layer.
  package static var path: String { current?.path.last ?? "" }

  /// Runs `body` under a path that was noted earlier; as it is for nil, which is what is noted while nobody observes.
  static func under<R>(_ path: String?, _ body: () -> R) -> R {
    guard let path else { return body() }
    return named(path, body)
  }

  /// Runs `body` under the eyes of `observer`.
  package static func observing<R>(_ observer: any PrimitiveObserver, _ body: () throws -> R) rethrows -> R {
    try $current.withValue(Context(observer), operation: body)
  }
}

/// Runs a layer's work under its dotted path, which observers name in their messages.
public func named<R>(_ path: String, _ body: () throws -> R) rethrows -> R {
  guard let context = Observation.current else { return try body() }
  context.path.append(path)
  defer { context.path.removeLast() }
  return try body()
}

/// Bytes that the tensors of a planning run would hold.
package final class MemoryMeter {
  /// Bytes held now.
  package private(set) var bytes = 0
  /// The most held at once.
  package private(set) var peak = 0

  package init() {}

  func take(_ amount: Int) {
    bytes += amount
    peak = max(peak, bytes)
  }

  func give(_ amount: Int) { bytes -= amount }
}

/// The memory that a shape-only tensor stands for; it is counted as long as a tensor refers to it, as real memory would be held.
package final class Shadow {
  private let meter: MemoryMeter
  private let bytes: Int
  /// Whether it stands for a sum over the batch that has not crossed the ranks.
  let isPending: Bool

  init(_ meter: MemoryMeter, bytes: Int, isPending: Bool = false) {
    self.meter = meter
    self.bytes = bytes
    self.isPending = isPending
    meter.take(bytes)
  }

  deinit { meter.give(bytes) }
}
