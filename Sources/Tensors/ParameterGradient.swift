import Kernels
import Sharding

/// The gradient of parameters over one or several parts of a batch, whose sums cross the ranks while it is computed.
///
/// Each part is swept as it is added; contributions to parameters wait until the last part, are added to those of earlier parts shard by
/// shard, and are sent as they arise. What depends on parameters only (spectral norm's division, penalties on weights) is swept once, in
/// `finish`.
public final class ParameterGradient {
  private let leaves: [Node]
  private var contributions: [(target: Node, value: Contribution)] = []
  private var parameterNodes: [Int: Node] = [:]
  private var isComplete = false

  private enum Contribution {
    /// Here, perhaps a sum that has not crossed the ranks.
    case held(Tensor)
    /// Under way, to be found at this place among the group's long sums.
    case sent(group: any BatchGroup, at: Range<Int>)
    /// Under way in a planning run: the partial sums stay until all ranks have read them.
    case planned(Tensor)

    /// Itself, without memory that is free once all ranks have read it.
    func settled(as shape: [Int]) -> Contribution { if case .planned = self { .held(Tensor.abstract(shape)) } else { self } }

    /// The tensor itself; waits for a sum that is under way.
    func arrived(as shape: [Int]) -> Tensor {
      switch self {
      case .held(let tensor), .planned(let tensor): return tensor
      case .sent(let group, let places):
        let sum = unsafe UnsafeMutablePointer(mutating: group.longSums(at: places) + places.lowerBound)
        return unsafe Tensor(viewing: sum, shape: shape, anchor: group)
      }
    }
  }

  /// - Parameter leaves: tensors made by `asLeaf()`, for example parameters.
  public init(at leaves: [Tensor]) {
    self.leaves = leaves.leafNodes
  }

  /// Sweeps the graph under a part's scalar, which is consumed but for what depends on parameters only.
  ///
  /// - Parameters:
  ///   - value: a scalar, shape `[]`; the gradient is that of the sum over all parts.
  ///   - isLast: whether no part follows.
  public func add(_ value: Tensor, isLast: Bool = true) {
    precondition(value.shape.isEmpty, "gradients: the value has shape \(value.shape), a scalar is needed")
    precondition(!isComplete, "gradients: a part was added after the last one")
    isComplete = isLast
    if let root = value.node {
      let sweep = Sweep(from: root, to: leaves, isRecording: false)
      for node in sweep.parameterNodes { parameterNodes[node.number] = node }
      var waiting: [Int: [Int]] = [:]
      for index in contributions.indices.reversed() { waiting[contributions[index].target.number, default: []].append(index) }
      _ = sweep.run(seed: value.isAbstract ? Tensor.abstract([]) : Tensor(1)) { target, contribution in
        take(contribution, for: target, after: waiting[target.number]?.popLast(), isLast: isLast)
      }
    }
    guard isLast else { return }
    for index in contributions.indices {
      if case .held(let tensor) = contributions[index].value { contributions[index].value = send(tensor) }
    }
    // Nothing follows: what does not fill a piece would else stay until the gradient is asked for.
    for (group, _) in sent { group.flushLongSums() }
  }

  /// The groups that have sums of this gradient, and how many floats.
  private var sent: [(group: any BatchGroup, count: Int)] {
    var found: [(group: any BatchGroup, count: Int)] = []
    for case .sent(let group, let range) in contributions.map(\.value) {
      if let index = found.firstIndex(where: { $0.group === group }) {
        found[index].count += range.count
      } else {
        found.append((group, range.count))
      }
    }
    return found
  }

  /// Adds a contribution to the one of an earlier part at `index`, or keeps it as a new one.
  private func take(_ contribution: Tensor, for target: Node, after index: Int?, isLast: Bool) {
    guard let index, case .held(let earlier) = contributions[index].value else {
      return contributions.append((target, isLast ? send(contribution) : .held(contribution)))
    }
    let sum = earlier.addingPartials(contribution)
    contributions[index].value = isLast ? send(sum) : .held(sum)
  }

  /// Sends a sum that has not crossed the ranks.
  private func send(_ tensor: Tensor) -> Contribution {
    switch tensor.content {
    case .abstract(let shadow):
      return shadow?.isPending ?? false ? .planned(tensor) : .held(tensor)
    case .stored(let storage):
      guard let pending = storage.pending, !pending.group.isAlone else { return .held(tensor) }
      return .sent(group: pending.group, at: storage.send())
    case .dropped: return .held(tensor)
    }
  }

  /// Whether sums are on their way: then there is something to gain by finishing later.
  public var isUnderWay: Bool {
    contributions.contains { if case .sent = $0.value { true } else { false } }
  }

  /// Completes the gradient, and waits for its sums one after the other, as they were sent: what came first is worked on while the last
  /// travel.
  ///
  /// - Parameter ready: takes the index and gradient of each leaf that the value depends on, once, as soon as it is complete. On every
  ///   rank the same bits for a replicated leaf.
  public func finish(_ ready: (_ leaf: Int, _ gradient: Tensor) -> Void) {
    let nodes = parameterNodes.values.sorted { $0.number > $1.number }
    let reach = GradientReach(of: leaves, among: nodes)
    let indices = Dictionary(uniqueKeysWithValues: zip(leaves.map(\.number), leaves.indices))
    var uses: [Int: Int] = [:]
    for node in nodes {
      for case let input? in node.inputs.map(\.node) where indices[input.number] != nil { uses[input.number, default: 0] += 1 }
    }
    var cotangents = Cotangents()
    let (sent, targets) = (sent, contributions.map(\.target))
    var travelling: [Int: [Contribution]] = [:]
    for (target, value) in contributions { travelling[target.number, default: []].append(value.settled(as: target.shape)) }
    contributions = []
    /// What crossed the ranks is added before all else that flows into a node.
    func receive(_ node: Node) {
      for value in travelling.removeValue(forKey: node.number) ?? [] { cotangents.add(value.arrived(as: node.shape), to: node) }
    }
    func settle(_ node: Node) {
      guard let index = indices[node.number], uses[node.number, default: 0] == 0 else { return }
      receive(node)
      if let gradient = cotangents.take(node) { ready(index, gradient) }
    }
    for node in nodes {
      guard let primitive = node.primitive else { continue }
      receive(node)
      let cotangent = cotangents.take(node)
      let inputs = node.inputs.compactMap(\.node)
      if let cotangent {
        reach.pullBack(cotangent, through: node, primitive, isRecording: false) { target, contribution in
          receive(target)
          cotangents.add(contribution, to: target)
        }
      }
      node.consume()
      for input in inputs where indices[input.number] != nil {
        uses[input.number, default: 0] -= 1
        settle(input)
      }
    }
    // Parameters that the loss reads as they are, in the order their sums were sent.
    for target in targets { settle(target) }
    for (group, count) in sent {
      unsafe _ = group.longSums()
      group.forgetLongSums(count: count)
    }
    parameterNodes = [:]
  }
}

extension Tensor {
  /// The sum of two sums over the batch that may not have crossed the ranks, added partial by partial, in this tensor's memory.
  fileprivate func addingPartials(_ other: Tensor) -> Tensor {
    guard case .stored(let own) = content, case .stored(let added) = other.content else { return self }
    switch (own.pending, added.pending) {
    case (let pending?, let more?):
      precondition(pending.group === more.group && pending.blockSize == more.blockSize, "gradients: the parts have different groups")
      precondition(!own.isSent, "gradients: a sum that was sent is added to")
      precondition(
        pending.group.plan.keepsShardsApart, "gradients: to add parts of a batch over several ranks, a plan must keep shards apart")
      unsafe Kernels.accumulate(added.pointer, own.pointer, pending.blockSize * pending.group.nodes.count)
      return self
    case (nil, nil): return self + other
    default: preconditionFailure("gradients: the parts of a batch have losses of different structure")
    }
  }
}
