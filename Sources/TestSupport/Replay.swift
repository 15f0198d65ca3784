package import Tensors

/// Makes recorded nodes keep all numbers, so that the graph can be replayed, and notes which primitives ran.
package final class GraphKeeper: PrimitiveObserver {
  /// Names of the types that ran.
  package private(set) var seen: Set<String> = []
  /// A keeper that has seen nothing.
  package init() {}
  package var keepsGraph: Bool { true }
  package func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) { seen.insert("\(type(of: primitive))") }
}

/// The recorded graph under a tensor, evaluated in Double by the naive references.
///
/// Leaves and untracked constants enter with their Float numbers, copied when the replay is made: the graph may be consumed afterwards.
/// - Precondition: the graph was recorded under a `GraphKeeper`.
package struct Replay {
  private enum Source {
    case step(Int)
    case constant(Int)
  }
  private struct Step {
    let number: Int
    /// Nil for a leaf, whose numbers stand in `base`.
    let primitive: (any ReplayedPrimitive)?
    let sources: [Source]
  }

  private var steps: [Step] = []
  private var constants: [Array64] = []
  private var result: Source = .constant(0)
  /// Result of every step with all leaves at their Float numbers.
  private var base: [Array64] = []
  private var stepOfNumber: [Int: Int] = [:]

  /// Walks the graph under `tensor` in ascending node number.
  package init(of tensor: Tensor) {
    guard let root = tensor.node else {
      constants = [Array64(tensor)]
      return
    }
    var found: [Int: Node] = [root.number: root]
    var leafValues: [Int: Array64] = [:]
    if root.isLeaf { leafValues[root.number] = Array64(tensor) }
    var stack = [root]
    while let node = stack.popLast() {
      for input in node.inputs {
        guard let next = input.node else { continue }
        if next.isLeaf, leafValues[next.number] == nil { leafValues[next.number] = Array64(input) }
        if found.updateValue(next, forKey: next.number) == nil { stack.append(next) }
      }
    }
    for node in found.values.sorted(by: { $0.number < $1.number }) { append(node, leafValues) }
    result = .step(steps.count - 1)
  }

  private mutating func append(_ node: Node, _ leafValues: [Int: Array64]) {
    stepOfNumber[node.number] = steps.count
    guard let primitive = node.primitive else {
      guard let values = leafValues[node.number] else { preconditionFailure("Replay: node \(node.number) was consumed") }
      steps.append(Step(number: node.number, primitive: nil, sources: []))
      base.append(values)
      return
    }
    guard let replayed = primitive as? any ReplayedPrimitive else {
      preconditionFailure("Replay: \(type(of: primitive)) has no reference; write one in TestSupport")
    }
    let sources = node.inputs.map { input -> Source in
      if let step = input.node.flatMap({ stepOfNumber[$0.number] }) { return .step(step) }
      constants.append(Array64(input))
      return .constant(constants.count - 1)
    }
    let value = replayed.reference(sources.map { self[$0, base] })
    precondition(value.shape == node.shape, "Replay: reference of \(type(of: primitive)) gives \(value.shape), not \(node.shape)")
    steps.append(Step(number: node.number, primitive: replayed, sources: sources))
    base.append(value)
  }

  private subscript(_ source: Source, _ values: [Array64]) -> Array64 {
    switch source {
    case .step(let index): values[index]
    case .constant(let index): constants[index]
    }
  }

  /// The value with all leaves at their Float numbers.
  package var value: Array64 { self[result, base] }

  /// Whether the tensor depends on this leaf.
  package func depends(on leaf: Tensor) -> Bool { leaf.node.map { stepOfNumber[$0.number] != nil } ?? false }

  /// The numbers of a leaf.
  package func values(of leaf: Tensor) -> Array64? { leaf.node.flatMap { stepOfNumber[$0.number] }.map { base[$0] } }

  /// Types of the recorded primitives.
  package var primitiveNames: Set<String> { Set(steps.compactMap { $0.primitive.map { "\(type(of: $0))" } }) }

  /// The value with one leaf replaced; steps that do not depend on it are not computed again.
  package func evaluate(replacing leaf: Tensor, by values: Array64) -> Array64 {
    guard let first = leaf.node.flatMap({ stepOfNumber[$0.number] }) else { return value }
    var current = base
    current[first] = values
    var isChanged = Array(repeating: false, count: steps.count)
    isChanged[first] = true
    for index in (first + 1)..<max(steps.count, first + 1) {
      let step = steps[index]
      let depends = step.sources.contains { if case .step(let source) = $0 { isChanged[source] } else { false } }
      guard depends, let primitive = step.primitive else { continue }
      current[index] = primitive.reference(step.sources.map { self[$0, current] })
      isChanged[index] = true
    }
    return self[result, current]
  }

  /// `(s(x + h e) - s(x - h e)) / 2h` of the scalar value for the elements `indices` of a leaf.
  ///
  /// With h = 1e-5 (relative above 1) and functions and derivatives of order 1 the error is about h² + 1e-16/h = 1e-10.
  package func centralDifferences(at leaf: Tensor, indices: [Int]) -> [Double] {
    guard let point = values(of: leaf) else { return indices.map { _ in 0 } }
    return indices.map { index in
      let h = 1e-5 * max(1, abs(point.values[index]))
      var (above, below) = (point, point)
      above.values[index] += h
      below.values[index] -= h
      let width = above.values[index] - below.values[index]
      return (evaluate(replacing: leaf, by: above).values[0] - evaluate(replacing: leaf, by: below).values[0]) / width
    }
  }
}
