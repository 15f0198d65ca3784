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

  /// The value with some leaves replaced; steps that do not depend on them are not computed again.
  package func evaluate(replacing replacements: [(leaf: Tensor, values: Array64)]) -> Array64 {
    var current = base
    var isChanged = Array(repeating: false, count: steps.count)
    for (leaf, values) in replacements {
      guard let index = leaf.node.flatMap({ stepOfNumber[$0.number] }) else { continue }
      current[index] = values
      isChanged[index] = true
    }
    for (index, step) in steps.enumerated() {
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
      return (evaluate(replacing: [(leaf, above)]).values[0] - evaluate(replacing: [(leaf, below)]).values[0]) / width
    }
  }

  /// Elements of the Hessian times `directions`: for the elements `indices` of leaf `number`, the mixed difference
  /// `(s(x + hv + he) - s(x + hv - he) - s(x - hv + he) + s(x - hv - he)) / 4h²` of the scalar value.
  ///
  /// Only the forward graph enters, so a derivative that forgets what it depends on is found, which differences of a recorded gradient
  /// cannot do. With h = 1e-4 the error is about h² + 1e-16/h² = 2e-8.
  package func mixedDifferences(at leaves: [Tensor], along directions: [Array64], leaf number: Int, indices: [Int]) -> [Double] {
    let h = 1e-4
    let points = leaves.map(values(of:))
    guard points[number] != nil else { return indices.map { _ in 0 } }
    func moved(_ side: Double, _ index: Int, _ step: Double) -> Double {
      var replacements: [(leaf: Tensor, values: Array64)] = []
      for (position, leaf) in leaves.enumerated() {
        guard var point = points[position] else { continue }
        for element in point.values.indices { point.values[element] += side * h * directions[position].values[element] }
        if position == number { point.values[index] += step * h }
        replacements.append((leaf, point))
      }
      return evaluate(replacing: replacements).values[0]
    }
    return indices.map { index in
      (moved(1, index, 1) - moved(1, index, -1) - moved(-1, index, 1) + moved(-1, index, -1)) / (4 * h * h)
    }
  }
}
