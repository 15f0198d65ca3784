/// Which messages make a tree sum over members, and in which rounds. Knows no MPI.
struct MessagePlan {
  /// Number of this member, and of all.
  let rank: Int
  let size: Int
  let layout: TreeLayout
  /// Elements.
  let count: Int
  /// How the numbers of long sums travel.
  let wire: WireFormat

  /// The rounds of a sum.
  /// - Parameters:
  ///   - nodes: the elements of each of this member's nodes.
  ///   - result: receives `count` sums; may be the first of `nodes`.
  func rounds(
    _ nodes: [UnsafePointer<Float>], into result: UnsafeMutablePointer<Float>, _ buffers: MessageBuffers
  ) -> [MessageRound] {
    if size == 1 {
      unsafe layout.add(nodes, count: count, into: [result])
      return []
    }
    let isShort = layout.nodeCount * count <= MessageSums.shortSum
    // Two members exchange as many bytes if they send all of it, and wait once instead of twice. Rounded nodes would not do: of its own each
    // member has the float.
    if wire == .float32 && (isShort || size == 2 && layout.isBalanced) { return unsafe [gathering(nodes, result, buffers)] }
    if layout.isBalanced { return unsafe halving(nodes[0], result, buffers) }
    let slices = SliceRounds(count: count, ranks: size)
    let received = unsafe buffers.received.floats(
      layout.nodeCount * ((0..<slices.roundCount).map { slices.elements(ofRank: rank, inRound: $0).count }.max() ?? 0))
    return (0..<slices.roundCount).flatMap { round in
      unsafe [exchange(nodes, slices, round, result, received), share(slices, round, result)]
    }
  }

  /// Other members in turn, so that all start with different ones.
  private var targets: [Int] { (1..<size).map { (rank + $0) % size } }
  private var sources: [Int] { (1..<size).map { (rank + size - $0) % size } }

  private func outgoing(_ floats: UnsafePointer<Float>, _ elements: Range<Int>, to member: Int) -> OutgoingMessage {
    unsafe OutgoingMessage(floats: floats + elements.lowerBound, count: elements.count, member: member)
  }
  private func incoming(_ floats: UnsafeMutablePointer<Float>, _ elements: Range<Int>, from member: Int) -> IncomingMessage {
    unsafe IncomingMessage(floats: floats + elements.lowerBound, count: elements.count, member: member)
  }

  /// Every member receives all nodes and adds them itself.
  private func gathering(
    _ nodes: [UnsafePointer<Float>], _ result: UnsafeMutablePointer<Float>, _ buffers: MessageBuffers
  ) -> MessageRound {
    let received = unsafe buffers.received.floats(layout.nodeCount * count)
    var round = MessageRound()
    for source in sources {
      for node in layout.nodes(ofMember: source) {
        unsafe round.receives.append(IncomingMessage(floats: received + node * count, count: count, member: source))
      }
    }
    round.sends = targets.flatMap { target in unsafe nodes.map { unsafe OutgoingMessage(floats: $0, count: count, member: target) } }
    let all = unsafe operands(nodes, from: 0, received, stride: count)
    round.finish = { unsafe layout.add(all, count: count, into: [result]) }
    return round
  }

  /// Where the same elements of every node are: this member's own from `first` on, the others' as received.
  private func operands(
    _ own: [UnsafePointer<Float>], from first: Int, _ received: UnsafeMutablePointer<Float>, stride: Int
  ) -> [UnsafePointer<Float>] {
    let mine = layout.nodes(ofMember: rank)
    return unsafe (0..<layout.nodeCount).map { node in
      unsafe mine.contains(node) ? own[node - mine.lowerBound] + first : UnsafePointer(received + node * stride)
    }
  }

  /// Recursive halving, then doubling: in round k members at distance 2^k exchange halves of what they still sum and add, which are the
  /// additions of the k-th level of a balanced tree; then the sums go back the same way. 2 log2(size) messages, each byte sent twice.
  private func halving(
    _ node: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ buffers: MessageBuffers
  ) -> [MessageRound] {
    if unsafe node != UnsafePointer(result) { unsafe result.update(from: node, count: count) }
    let received = unsafe buffers.received.floats(count / 2 + 1)
    var kept = 0..<count
    var sent: [Range<Int>] = []
    var rounds: [MessageRound] = []
    var distance = 1
    while distance < size {
      let middle = kept.lowerBound + kept.count / 2
      let halves = (kept.lowerBound..<middle, middle..<kept.upperBound)
      let (own, other) = rank & distance == 0 ? halves : (halves.1, halves.0)
      let partner = rank ^ distance
      let isLast = 2 * distance == size
      rounds.append(
        unsafe MessageRound(
          sends: [outgoing(result, other, to: partner)],
          receives: [IncomingMessage(floats: received, count: own.count, member: partner)], wire: wire
        ) {
          let sums = unsafe result + own.lowerBound
          for element in 0..<own.count { unsafe sums[element] += received[element] }
          if isLast { unsafe round(result, own) }
        })
      sent.append(other)
      kept = own
      distance *= 2
    }
    while let other = sent.popLast() {
      distance /= 2
      rounds.append(
        unsafe MessageRound(
          sends: [outgoing(result, kept, to: rank ^ distance)], receives: [incoming(result, other, from: rank ^ distance)], wire: wire))
      kept = min(kept.lowerBound, other.lowerBound)..<max(kept.upperBound, other.upperBound)
    }
    return rounds
  }

  /// The sums of all members must be the same, hence as rounded as those that travel.
  private func round(_ result: UnsafeMutablePointer<Float>, _ elements: Range<Int>) {
    if wire == .bfloat16 { for element in elements { unsafe result[element] = BFloat16.rounded(result[element]) } }
  }

  /// Every member sends each other member the slices that it owns, and adds its own slice of all nodes.
  private func exchange(
    _ own: [UnsafePointer<Float>], _ slices: SliceRounds, _ number: Int, _ result: UnsafeMutablePointer<Float>,
    _ received: UnsafeMutablePointer<Float>
  ) -> MessageRound {
    let slice = slices.elements(ofRank: rank, inRound: number)
    var messages = MessageRound(wire: wire)
    for source in sources where !slice.isEmpty {
      for node in layout.nodes(ofMember: source) {
        unsafe messages.receives.append(IncomingMessage(floats: received + node * slice.count, count: slice.count, member: source))
      }
    }
    messages.sends = targets.flatMap { target in
      let wanted = slices.elements(ofRank: target, inRound: number)
      return unsafe wanted.isEmpty ? [] : own.map { unsafe outgoing($0, wanted, to: target) }
    }
    let all = unsafe operands(own, from: slice.lowerBound, received, stride: slice.count)
    messages.finish = {
      unsafe layout.add(all, count: slice.count, into: [result + slice.lowerBound])
      unsafe round(result, slice)
    }
    return messages
  }

  /// Gives the sums of every owner's slice to all members.
  private func share(_ slices: SliceRounds, _ number: Int, _ result: UnsafeMutablePointer<Float>) -> MessageRound {
    var messages = MessageRound(wire: wire)
    for source in sources {
      let slice = slices.elements(ofRank: source, inRound: number)
      if !slice.isEmpty { unsafe messages.receives.append(incoming(result, slice, from: source)) }
    }
    let own = slices.elements(ofRank: rank, inRound: number)
    if !own.isEmpty { messages.sends = targets.map { unsafe outgoing(result, own, to: $0) } }
    return messages
  }
}
