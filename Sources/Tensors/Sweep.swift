import Sharding

/// A reverse sweep over the graph under one scalar.
///
/// Order: sharded nodes by descending number, then parameter-only nodes by descending number. Parameter-only nodes never feed on
/// sharded ones, so this is a reverse topological order, and all sums over the batch that flow into parameters are complete, and can
/// cross the ranks together, before the first of them is used.
struct Sweep {
  private let nodes: [Node]
  private let targets: [Node]
  private let isRecording: Bool
  private var cotangents: [Int: Tensor] = [:]
  /// Contributions from sharded nodes to parameter-only ones, in the order they arose.
  private var deferred: [(number: Int, contribution: Tensor)] = []

  /// Whether a leaf other than the targets lies under the scalar.
  let meetsOtherLeaves: Bool

  /// - Parameters:
  ///   - root: node of the scalar.
  ///   - targets: what to differentiate with respect to.
  ///   - isRecording: whether cotangents are themselves recorded; if not, the graph is consumed.
  init(from root: Node, to targets: [Node], isRecording: Bool) {
    self.targets = targets
    self.isRecording = isRecording
    let reachable = Sweep.reachable(from: root).sorted { $0.number < $1.number }
    let targetNumbers = Set(targets.map(\.number))
    meetsOtherLeaves = reachable.contains { $0.isLeaf && !targetNumbers.contains($0.number) }
    var leading = targetNumbers
    for node in reachable where node.inputs.contains(where: { $0.node.map { leading.contains($0.number) } ?? false }) {
      leading.insert(node.number)
    }
    self.leading = leading
    nodes =
      reachable.reversed().filter { leading.contains($0.number) && !$0.isParameterOnly }
      + reachable.reversed().filter { leading.contains($0.number) && $0.isParameterOnly }
  }

  private let leading: Set<Int>

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

  /// Runs the sweep.
  /// - Returns: the cotangent of each target, nil where the scalar does not depend on it.
  mutating func run(seed: Tensor, root: Node) -> [Tensor?] {
    guard leading.contains(root.number) else { return targets.map { _ in nil } }
    cotangents[root.number] = seed
    var crossed = false
    let targetNumbers = Set(targets.map(\.number))
    for node in nodes {
      if node.isParameterOnly && !crossed {
        crossRanks()
        crossed = true
      }
      guard let cotangent = targetNumbers.contains(node.number) ? cotangents[node.number] : cotangents.removeValue(forKey: node.number)
      else { continue }
      if let primitive = node.primitive {
        pullBack(cotangent, through: node, primitive)
        if !isRecording { node.consume() }
      }
    }
    if !crossed { crossRanks() }
    return targets.map { cotangents[$0.number] }
  }

  private mutating func pullBack(_ cotangent: Tensor, through node: Node, _ primitive: any Primitive) {
    let wanted = node.inputs.map { $0.node.map { leading.contains($0.number) } ?? false }
    var output = node.keptOutput
    if isRecording { output?.node = node }
    let context = VJPContext(
      inputs: isRecording ? node.inputs : node.inputs.map(\.detached), keptOutput: output, wanted: wanted, isRecording: isRecording)
    let contributions = primitive.vjp(cotangent, context)
    for (index, contribution) in contributions.enumerated() where wanted[index] {
      guard let contribution, let target = node.inputs[index].node else { continue }
      precondition(
        contribution.shape == target.shape,
        "\(type(of: primitive).name): cotangent \(contribution.shape) for an input of shape \(target.shape)")
      if target.isParameterOnly && !node.isParameterOnly {
        deferred.append((target.number, contribution))
      } else {
        add(contribution, to: target.number)
      }
    }
  }

  private mutating func add(_ contribution: Tensor, to number: Int) {
    guard let sum = cotangents.removeValue(forKey: number) else {
      cotangents[number] = contribution
      return
    }
    cotangents[number] = sum + contribution
  }

  /// Adds all pending sums into parameters over the ranks, in one message from one contiguous buffer.
  private mutating func crossRanks() {
    var groups: [(group: any BatchGroup, members: [Storage])] = []
    var seen: Set<ObjectIdentifier> = []
    for case .stored(let storage) in deferred.map(\.contribution.content) {
      guard let pending = storage.pending, seen.insert(ObjectIdentifier(storage)).inserted else { continue }
      if let index = groups.firstIndex(where: { $0.group === pending.group }) {
        groups[index].members.append(storage)
      } else {
        groups.append((pending.group, [storage]))
      }
    }
    for (group, members) in groups { Sweep.resolveTogether(members, over: group) }
    for (number, contribution) in deferred { add(contribution, to: number) }
    deferred = []
  }

  private static func resolveTogether(_ members: [Storage], over group: any BatchGroup) {
    let sizes = members.map { $0.pending?.blockSize ?? 0 }
    let total = sizes.reduce(0, +)
    let blocks = group.plan.tree.nodes(in: group.ownedShards).count
    let buffer = Storage(count: total * blocks)
    var offset = 0
    for (storage, size) in zip(members, sizes) {
      for block in 0..<blocks {
        unsafe (buffer.pointer + block * total + offset).update(from: storage.pointer + block * size, count: size)
      }
      offset += size
    }
    unsafe group.sum(buffer.pointer, count: total, into: buffer.pointer)
    offset = 0
    for (storage, size) in zip(members, sizes) {
      unsafe storage.pointer.update(from: buffer.pointer + offset, count: size)
      storage.pending = nil
      offset += size
    }
  }
}
