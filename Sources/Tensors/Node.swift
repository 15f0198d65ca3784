import Synchronization

/// One recorded application of a primitive, or a leaf: a parameter or a point that a gradient is taken at.
///
/// The graph hangs off tensors; there is no tape. Numbers grow with time, so descending order is a reverse topological order.
package final class Node {
  private static let counter = Atomic<Int>(0)

  /// Creation number.
  package let number: Int
  /// Nil for a leaf.
  package private(set) var primitive: (any Primitive)?
  /// The inputs, with their nodes; without numbers where the primitive does not need them.
  package private(set) var inputs: [Tensor]
  /// The result without its node, if the primitive keeps it.
  package private(set) var keptOutput: Tensor?
  /// Shape and layout of the result.
  package let shape: [Int]
  package let layout: BatchLayout?
  /// Dotted path of the layer that recorded it, under which its gradient is computed; nil outside a layer and while nobody observes.
  let path: String?
  /// Whether the result depends on parameters and constants only: its cotangent may wait until all gradients have crossed the ranks.
  let isParameterOnly: Bool
  private(set) var isConsumed = false

  init(_ primitive: some Primitive, _ inputs: [Tensor], _ output: Tensor, sumsBatch: Bool, keepsAll: Bool, path: String?) {
    number = Self.counter.add(1, ordering: .relaxed).newValue
    self.primitive = primitive
    self.path = path
    let kept = primitive.keeps
    self.inputs = inputs.enumerated().map { index, input in
      if keepsAll || kept.needs(index, of: inputs) { return input }
      return Tensor(shape: input.shape, layout: input.layout, content: .dropped, node: input.node)
    }
    keptOutput = kept.needsOutput || keepsAll ? output.detached : nil
    shape = output.shape
    layout = output.layout
    isParameterOnly = output.layout == nil && !sumsBatch && inputs.allSatisfy { $0.layout == nil && ($0.node?.isParameterOnly ?? true) }
  }

  /// A leaf with the shape of `tensor`.
  init(leaf tensor: Tensor) {
    number = Self.counter.add(1, ordering: .relaxed).newValue
    inputs = []
    path = nil
    shape = tensor.shape
    layout = tensor.layout
    isParameterOnly = tensor.layout == nil
  }

  /// Whether this is a parameter or a point rather than a result.
  package var isLeaf: Bool { primitive == nil && !isConsumed }

  /// Gives up everything kept, once a first-order sweep has passed.
  func consume() {
    primitive = nil
    inputs = []
    keptOutput = nil
    isConsumed = true
  }
}

extension Tensor {
  /// The same numbers as a new leaf: a parameter or a point that a gradient is taken at.
  public func asLeaf() -> Tensor { Tensor(shape: shape, layout: layout, content: content, node: Node(leaf: self)) }
}
