/// The gradient of a scalar function at a point.
///
/// `gradient(at: x) { f($0) } = ∂f/∂x`. The result is itself recorded whenever the scalar depends on anything tracked outside the
/// closure, `x`'s own history included, so a gradient penalty needs no flag: its parameters' gradients flow through.
/// - Parameters:
///   - point: where to differentiate.
///   - function: returns a scalar, shape `[]`; a sum over the batch is the sum over the global batch.
/// - Returns: a tensor of `point`'s shape and layout; zero where the scalar does not depend on it.
public func gradient(at point: Tensor, of function: (Tensor) throws -> Tensor) rethrows -> Tensor {
  let probe = point.isTracked ? apply(Identity(), [point]) : point.asLeaf()
  let value = try function(probe)
  precondition(value.shape.isEmpty, "gradient: the function returned shape \(value.shape), a scalar is needed")
  guard let root = value.node, let target = probe.node else { return Tensor(repeating: 0, shape: point.shape, layout: point.layout) }
  let seed = value.isAbstract ? Tensor.abstract([]) : Tensor(1)
  var survey = Sweep(from: root, to: [target], isRecording: true)
  let isTrackedOutside = point.isTracked || survey.meetsOtherLeaves
  if !isTrackedOutside { survey = Sweep(from: root, to: [target], isRecording: false) }
  guard let result = survey.run(seed: seed, targets: [target])[0] else {
    return Tensor(repeating: 0, shape: point.shape, layout: point.layout)
  }
  return isTrackedOutside ? result : result.detached
}

/// The gradients of a scalar with respect to leaves, not recorded; the graph is consumed.
///
/// - Parameters:
///   - value: a scalar, shape `[]`.
///   - leaves: tensors made by `asLeaf()`; those that are sharded too.
/// - Returns: one gradient for each leaf, nil where the scalar does not depend on it. On every rank the same bits for a replicated leaf.
public func gradients(of value: Tensor, at leaves: [Tensor]) -> [Tensor?] {
  precondition(value.shape.isEmpty, "gradients: the value has shape \(value.shape), a scalar is needed")
  guard let root = value.node else { return leaves.map { _ in nil } }
  let targets = leaves.leafNodes
  return Sweep(from: root, to: targets, isRecording: false)
    .run(seed: value.isAbstract ? Tensor.abstract([]) : Tensor(1), targets: targets)
}

/// The gradients of a scalar with respect to leaves as recorded tensors, which replay and differentiate further; the graph stays.
package func recordedGradients(of value: Tensor, at leaves: [Tensor]) -> [Tensor?] {
  guard let root = value.node else { return leaves.map { _ in nil } }
  let targets = leaves.compactMap(\.node)
  return Sweep(from: root, to: targets, isRecording: true).run(seed: Tensor(1), targets: targets)
}

extension [Tensor] {
  /// The nodes of tensors made by `asLeaf()`.
  var leafNodes: [Node] {
    map { leaf in
      guard let node = leaf.node, node.isLeaf else { preconditionFailure("gradients: a tensor of shape \(leaf.shape) is not a leaf") }
      return node
    }
  }
}
