/// A reverse sweep over the graph under one scalar.
///
/// Order: sharded nodes by descending number, then parameter-only nodes by descending number. Parameter-only nodes never feed on
/// sharded ones, so this is a reverse topological order. What flows from sharded nodes into parameter-only ones are sums over the batch:
/// `run` hands them over as they arise, so that they can cross the ranks while the sweep goes on.
struct Sweep {
  private let root: Node
  private let nodes: [Node]
  private let reach: GradientReach
  private let isRecording: Bool
  /// The parameter-only nodes under the scalar, by descending number.
  let parameterNodes: [Node]

  /// Whether a leaf other than the targets lies under the scalar.
  let meetsOtherLeaves: Bool

  /// - Parameters:
  ///   - root: node of the scalar.
  ///   - targets: what to differentiate with respect to.
  ///   - isRecording: whether cotangents are themselves recorded; if not, the graph is consumed.
  init(from root: Node, to targets: [Node], isRecording: Bool) {
    self.root = root
    self.isRecording = isRecording
    let reachable = Sweep.reachable(from: root).sorted { $0.number > $1.number }
    reach = GradientReach(of: targets, among: reachable)
    let reach = reach
    meetsOtherLeaves = reachable.contains { $0.isLeaf && !reach.targets.contains($0.number) }
    nodes = reachable.filter { reach.contains($0) && !$0.isParameterOnly }
    parameterNodes = reachable.filter { reach.contains($0) && $0.isParameterOnly }
  }

  private static func reachable(from root: Node) -> [Node] {
    var seen: Set<Int> = [root.number]
    var stack = [root]
    var found: [Node] = []
    while let node = stack.popLast() {
      precondition(!node.isConsumed, "gradient: this graph was consumed by an earlier gradient; compute the loss anew")
      found.append(node)
      for case let input? in node.inputs.map(\.node) where seen.insert(input.number).inserted { stack.append(input) }
    }
    return found
  }

  /// Sweeps the sharded nodes.
  ///
  /// - Parameters:
  ///   - seed: cotangent of the scalar.
  ///   - handOver: takes each contribution to a parameter-only node, in the order they arise.
  /// - Returns: the cotangents of the targets among the sharded nodes.
  func run(seed: Tensor, handOver: (_ target: Node, _ contribution: Tensor) -> Void) -> Cotangents {
    var cotangents = Cotangents()
    guard reach.contains(root) else { return cotangents }
    if root.isParameterOnly { handOver(root, seed) } else { cotangents.add(seed, to: root) }
    for node in nodes {
      guard let cotangent = cotangents.take(node, keeping: reach.targets.contains(node.number)), let primitive = node.primitive else {
        continue
      }
      reach.pullBack(cotangent, through: node, primitive, isRecording: isRecording) { target, contribution in
        if target.isParameterOnly { handOver(target, contribution) } else { cotangents.add(contribution, to: target) }
      }
      if !isRecording { node.consume() }
    }
    return cotangents
  }

  /// Sweeps all nodes.
  /// - Returns: the cotangent of each target, nil where the scalar does not depend on it.
  func run(seed: Tensor, targets: [Node]) -> [Tensor?] {
    var handedOver = Cotangents()
    let sharded = run(seed: seed) { handedOver.add($1, to: $0) }
    for node in parameterNodes {
      guard let cotangent = handedOver.take(node, keeping: reach.targets.contains(node.number)), let primitive = node.primitive else {
        continue
      }
      reach.pullBack(cotangent, through: node, primitive, isRecording: isRecording) { handedOver.add($1, to: $0) }
      if !isRecording { node.consume() }
    }
    return targets.map { sharded[$0] ?? handedOver[$0] }
  }
}

/// What flows back into nodes, by node number, added in the order it comes.
struct Cotangents {
  private var values: [Int: Tensor] = [:]

  subscript(node: Node) -> Tensor? { values[node.number] }

  mutating func add(_ contribution: Tensor, to node: Node) {
    // Taken out first, so that the old sum is free as soon as the new one is there.
    guard let sum = values.removeValue(forKey: node.number) else {
      values[node.number] = contribution
      return
    }
    values[node.number] = Observation.under(node.path) { sum + contribution }
  }

  mutating func take(_ node: Node, keeping: Bool = false) -> Tensor? {
    keeping ? values[node.number] : values.removeValue(forKey: node.number)
  }
}

/// The nodes that lead to the targets of a gradient.
struct GradientReach {
  /// Numbers of the targets.
  let targets: Set<Int>
  private var leading: Set<Int>

  /// - Parameter reachable: nodes by descending number.
  init(of targets: [Node], among reachable: [Node]) {
    self.targets = Set(targets.map(\.number))
    var leading = self.targets
    for node in reachable.reversed() where node.inputs.contains(where: { $0.node.map { leading.contains($0.number) } ?? false }) {
      leading.insert(node.number)
    }
    self.leading = leading
  }

  func contains(_ node: Node) -> Bool { leading.contains(node.number) }

  /// What the cotangent of `node` contributes to those of its inputs that lead to a target, each handed to `receive`.
  ///
  /// Factors have cotangents that are computed apart: those of parameters come first and are handed over before the others are computed,
  /// beside which their sums can cross the ranks.
  func pullBack(
    _ cotangent: Tensor, through node: Node, _ primitive: any Primitive, isRecording: Bool,
    to receive: (_ target: Node, _ contribution: Tensor) -> Void
  ) {
    let wanted = node.inputs.map { $0.node.map(contains) ?? false }
    let ofParameters = zip(wanted, node.inputs).map { $0 && $1.node?.isParameterOnly ?? false }
    // In a gradient that is recorded the numbers of nodes, and with them the order of a further sweep, are as `vjp` has it.
    guard !isRecording, case .factors = primitive.keeps, ofParameters.contains(true), ofParameters != wanted else {
      return pullBack(cotangent, through: node, primitive, wanted, isRecording: isRecording, to: receive)
    }
    pullBack(cotangent, through: node, primitive, ofParameters, isRecording: false, to: receive)
    pullBack(cotangent, through: node, primitive, zip(wanted, ofParameters).map { $0 && !$1 }, isRecording: false, to: receive)
  }

  private func pullBack(
    _ cotangent: Tensor, through node: Node, _ primitive: any Primitive, _ wanted: [Bool], isRecording: Bool,
    to receive: (_ target: Node, _ contribution: Tensor) -> Void
  ) {
    var output = node.keptOutput
    if isRecording { output?.node = node }
    let context = VJPContext(
      inputs: isRecording ? node.inputs : node.inputs.map(\.detached), keptOutput: output, wanted: wanted, isRecording: isRecording)
    let contributions = Observation.under(node.path) { primitive.vjp(cotangent, context) }
    for (index, contribution) in contributions.enumerated() {
      guard wanted[index], let contribution, let target = node.inputs[index].node else { continue }
      precondition(
        contribution.shape == target.shape,
        "\(type(of: primitive).name): cotangent \(contribution.shape) for an input of shape \(target.shape)")
      receive(target, contribution)
    }
  }
}
