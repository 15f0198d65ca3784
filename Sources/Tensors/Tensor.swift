import Sharding

/// An array of floats on the graph: a value that shares its memory, row-major and contiguous.
///
/// Images are `[batch, height, width, channels]`. `layout` tells a sharded tensor (axis 0 over this process's samples) from a replicated
/// one. A tensor is *tracked* when it has a `node`; a result is recorded iff one of its inputs is tracked.
public struct Tensor {
  /// Sizes of the axes; empty for a scalar.
  public let shape: [Int]
  /// The rows' shards; nil for a replicated tensor.
  public let layout: BatchLayout?
  package var content: Content
  package var node: Node?

  /// What stands behind the shape.
  package enum Content {
    /// Numbers.
    case stored(Storage)
    /// Nothing: a tensor of a planning run, which has shapes only; its shadow counts the bytes that numbers would take.
    case abstract(Shadow?)
    /// Nothing any more: the primitive that consumed it said that its gradient does not need it.
    case dropped
  }

  package init(shape: [Int], layout: BatchLayout?, content: Content, node: Node? = nil) {
    self.shape = shape
    self.layout = layout
    self.content = content
    self.node = node
  }

  /// Number of local elements.
  public var count: Int { shape.reduce(1, *) }

  /// Number of axes.
  public var rank: Int { shape.count }

  /// Whether this tensor depends on something a gradient is being taken of.
  public var isTracked: Bool { node != nil }

  /// Whether this tensor has a shape only.
  public var isAbstract: Bool {
    if case .abstract = content { true } else { false }
  }

  /// The same numbers, not tracked.
  public var detached: Tensor { Tensor(shape: shape, layout: layout, content: content) }

  /// Local rows by shard; one leaf for a replicated tensor.
  var rows: ShardRows { layout?.rows ?? BatchLayout.replicatedRows(shape.first ?? 1) }

  var storage: Storage {
    switch content {
    case .stored(let storage): return storage
    case .abstract: preconditionFailure("Tensor: numbers of a shape-only tensor \(shape) were asked for")
    case .dropped: preconditionFailure("Tensor: a gradient reads a tensor \(shape) that its primitive did not keep")
    }
  }

  /// The numbers, to read; a pending sum is added over the ranks first.
  var input: UnsafePointer<Float> {
    let storage = storage
    storage.resolve()
    return unsafe UnsafePointer(storage.pointer)
  }

  /// The numbers, to read, as numbers that need not be made and what they are to be multiplied by.
  var product: (numbers: UnsafePointer<Float>, factor: Float) {
    guard let product = storage.product else { return unsafe (input, 1) }
    return unsafe (UnsafePointer(product.source.pointer), product.factor)
  }

  /// What stands behind these numbers times a factor.
  func content(times factor: Float) -> Content {
    guard factor != 1, case .stored(let storage) = content else { return content }
    storage.resolve()
    return .stored(Storage(count: count, source: storage, factor: factor))
  }

  /// The numbers, to write.
  var output: UnsafeMutablePointer<Float> { unsafe storage.pointer }

  static func uninitialized(_ shape: [Int], layout: BatchLayout? = nil) -> Tensor {
    precondition(
      layout.map { $0.count == shape.first } ?? true, "Tensor: shape \(shape) for a layout of \(layout?.count ?? 0) local rows")
    return Tensor(shape: shape, layout: layout, content: .stored(Storage(count: shape.reduce(1, *))))
  }
}
