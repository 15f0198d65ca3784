internal import CMPI

/// Tree sums by messages among the members of one MPI communicator, used by one thread.
@safe final class MessageSums {
  /// Number of this member.
  let rank: Int
  /// Number of members.
  let size: Int
  private let members: MPI_Comm
  private var scratch = Scratch()
  private let wire: WireFormat
  private var sentHalves = HalfFloats()
  private var receivedHalves = HalfFloats()
  /// Bytes of the longest message between paired members: such as TCP sends at once.
  static let longestMessage = 1 << 20
  /// Up to this many floats of all nodes go to all members in one message: latency counts, not bandwidth.
  static let shortSum = 1 << 14

  /// Sums over the ranks of `communicator`, on a duplicate of it that no other thread uses.
  /// - Parameter wire: how long sums of paired members travel.
  init(over communicator: MPI_Comm?, wire: WireFormat = .float32) throws {
    self.wire = wire
    var duplicate: MPI_Comm?
    try MPICommunicator.check(unsafe MPI_Comm_dup(communicator, &duplicate), "duplicating a communicator")
    guard let duplicate = unsafe duplicate else {
      throw CommunicationError(attempted: "duplicating a communicator", found: "MPI gave none", remedy: "check the MPI installation")
    }
    unsafe members = unsafe duplicate
    rank = try MPICommunicator.number("asking for the rank") { unsafe MPI_Comm_rank(duplicate, &$0) }
    size = try MPICommunicator.number("asking for the number of ranks") { unsafe MPI_Comm_size(duplicate, &$0) }
  }

  /// The root sum of the nodes of all members, on every member.
  ///
  /// - Parameters:
  ///   - nodes: the elements of each of this member's nodes.
  ///   - result: receives `count` sums; may be the first of `nodes`.
  func sum(_ nodes: [UnsafePointer<Float>], count: Int, layout: TreeLayout, into result: UnsafeMutablePointer<Float>) throws {
    if size == 1 { return unsafe layout.add(nodes, count: count, into: [result]) }
    if layout.nodeCount * count <= Self.shortSum { return try unsafe sumShort(nodes, count: count, layout: layout, into: result) }
    if layout.isBalanced { return try unsafe sumByHalving(nodes[0], count: count, into: result) }
    let rounds = SliceRounds(count: count, ranks: size)
    for round in 0..<rounds.roundCount {
      try unsafe exchange(nodes, rounds: rounds, round: round, layout: layout, into: result)
      try unsafe share(result, rounds: rounds, round: round)
    }
  }

  /// `MPI_Allreduce` in place: fast or slow as the library has it, its order of additions depends on the number of ranks.
  func allReduce(_ values: UnsafeMutablePointer<Float>, count: Int) throws {
    try MPICommunicator.check(
      unsafe MPI_Allreduce(MPI_IN_PLACE, values, Int32(count), MPI_FLOAT, MPI_SUM, members), "reducing \(count) elements over \(size) ranks"
    )
  }

  /// Every member receives all nodes and adds them itself.
  private func sumShort(_ nodes: [UnsafePointer<Float>], count: Int, layout: TreeLayout, into result: UnsafeMutablePointer<Float>) throws {
    let received = unsafe scratch.floats(layout.nodeCount * count)
    let counts = (0..<size).map { Int32(layout.nodes(ofMember: $0).count * count) }
    let starts = (0..<size).map { Int32(layout.firstNode[$0] * count) }
    for unsafe(index, node) in unsafe nodes.enumerated() {
      unsafe (received + (layout.firstNode[rank] + index) * count).update(from: node, count: count)
    }
    try unsafe finish("gathering \(layout.nodeCount) partial sums of \(count) elements over \(size) ranks") {
      unsafe MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_FLOAT, received, counts, starts, MPI_FLOAT, members, &$0)
    }
    unsafe layout.add((0..<layout.nodeCount).map { unsafe UnsafePointer(received + $0 * count) }, count: count, into: [result])
  }

  /// Recursive halving, then doubling: in round k members at distance 2^k exchange halves of what they still sum and add, which are the
  /// additions of the k-th level of a balanced tree; then the sums go back the same way. 2 log2(size) messages, each byte sent twice.
  private func sumByHalving(_ node: UnsafePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>) throws {
    if unsafe node != UnsafePointer(result) { unsafe result.update(from: node, count: count) }
    let received = unsafe scratch.floats(count / 2 + 1)
    var kept = 0..<count
    var sent: [Range<Int>] = []
    var distance = 1
    while distance < size {
      let middle = kept.lowerBound + kept.count / 2
      let halves = (kept.lowerBound..<middle, middle..<kept.upperBound)
      let (own, other) = rank & distance == 0 ? halves : (halves.1, halves.0)
      try unsafe swap(result + other.lowerBound, other.count, received, own.count, with: rank ^ distance)
      let sums = unsafe result + own.lowerBound
      for element in 0..<own.count { unsafe sums[element] += received[element] }
      sent.append(other)
      kept = own
      distance *= 2
    }
    // The sums of all members must be the same, hence as rounded as those that travel.
    if wire == .bfloat16 { for element in kept { unsafe result[element] = BFloat16.rounded(result[element]) } }
    while let other = sent.popLast() {
      distance /= 2
      try unsafe swap(result + kept.lowerBound, kept.count, result + other.lowerBound, other.count, with: rank ^ distance)
      kept = min(kept.lowerBound, other.lowerBound)..<max(kept.upperBound, other.upperBound)
    }
  }

  private func swap(
    _ sent: UnsafePointer<Float>, _ sentCount: Int, _ received: UnsafeMutablePointer<Float>, _ receivedCount: Int, with partner: Int
  ) throws {
    switch wire {
    case .float32: try unsafe swap(bytes: sent, 4 * sentCount, received, 4 * receivedCount, with: partner)
    case .bfloat16:
      let (out, back) = unsafe (sentHalves.memory(sentCount), receivedHalves.memory(receivedCount))
      for element in 0..<sentCount { unsafe out[element] = BFloat16.bits(sent[element]) }
      try unsafe swap(bytes: out, 2 * sentCount, back, 2 * receivedCount, with: partner)
      for element in 0..<receivedCount { unsafe received[element] = BFloat16.float(back[element]) }
    }
  }

  private func swap(
    bytes sent: UnsafeRawPointer, _ sentCount: Int, _ received: UnsafeMutableRawPointer, _ receivedCount: Int, with partner: Int
  ) throws {
    let words = "exchanging \(sentCount) bytes with member \(partner) of \(size)"
    var requests: [MPI_Request?] = unsafe []
    for start in stride(from: 0, to: receivedCount, by: Self.longestMessage) {
      unsafe requests.append(nil)
      let length = Int32(min(Self.longestMessage, receivedCount - start))
      try MPICommunicator.check(
        unsafe MPI_Irecv(received + start, length, MPI_BYTE, Int32(partner), 0, members, &requests[requests.count - 1]), words)
    }
    for start in stride(from: 0, to: sentCount, by: Self.longestMessage) {
      unsafe requests.append(nil)
      let length = Int32(min(Self.longestMessage, sentCount - start))
      try MPICommunicator.check(
        unsafe MPI_Isend(sent + start, length, MPI_BYTE, Int32(partner), 0, members, &requests[requests.count - 1]), words)
    }
    try unsafe finish(&requests, words)
  }

  /// Starts one operation and waits for it.
  private func finish(_ words: String, _ start: (inout MPI_Request?) -> Int32) throws {
    var requests: [MPI_Request?] = unsafe [nil]
    try unsafe MPICommunicator.check(start(&requests[0]), words)
    try unsafe finish(&requests, words)
  }

  /// Waits for operations without holding the core: MPI's own waits would take it from the threads that compute.
  private func finish(_ requests: inout [MPI_Request?], _ words: String) throws {
    var isDone: Int32 = 0
    var code = MPI_SUCCESS
    Patience.wait {
      // The C array of statuses is not wanted: MPI_STATUSES_IGNORE is the null pointer.
      code = unsafe MPI_Testall(Int32(requests.count), &requests, &isDone, nil)
      return isDone != 0 || code != MPI_SUCCESS
    }
    try MPICommunicator.check(code, words)
  }

  /// Every member sends each other member the slices that it owns, and adds its own slice of all nodes.
  private func exchange(
    _ own: [UnsafePointer<Float>], rounds: SliceRounds, round: Int, layout: TreeLayout, into result: UnsafeMutablePointer<Float>
  ) throws {
    let slice = rounds.elements(ofRank: rank, inRound: round)
    let received = unsafe scratch.floats(layout.nodeCount * slice.count)
    let first = layout.firstNode[rank]
    var requests: [MPI_Request?] = unsafe []
    unsafe requests.reserveCapacity(layout.nodeCount + own.count * size)
    // Receives are posted before sends, so that no message has to be parked; members start with different partners.
    for distance in 1..<size {
      let source = (rank + size - distance) % size
      for node in layout.nodes(ofMember: source) {
        unsafe requests.append(nil)
        try MPICommunicator.check(
          unsafe MPI_Irecv(
            received + node * slice.count, Int32(slice.count), MPI_FLOAT, Int32(source), Int32(node), members,
            &requests[requests.count - 1]), "receiving a slice of \(slice.count) elements from member \(source)")
      }
    }
    for distance in 1..<size {
      let target = (rank + distance) % size
      let wanted = rounds.elements(ofRank: target, inRound: round)
      for unsafe(index, node) in unsafe own.enumerated() {
        unsafe requests.append(nil)
        try MPICommunicator.check(
          unsafe MPI_Isend(
            node + wanted.lowerBound, Int32(wanted.count), MPI_FLOAT, Int32(target), Int32(first + index), members,
            &requests[requests.count - 1]), "sending a slice of \(wanted.count) elements to member \(target)")
      }
    }
    try unsafe finish(&requests, "exchanging slices among \(size) members")
    let nodes = unsafe (0..<layout.nodeCount).map { node -> UnsafePointer<Float> in
      unsafe layout.nodes(ofMember: rank).contains(node)
        ? own[node - first] + slice.lowerBound : UnsafePointer(received + node * slice.count)
    }
    unsafe layout.add(nodes, count: slice.count, into: [result + slice.lowerBound])
  }

  /// Gives the sums of every owner's slice to all members.
  private func share(_ result: UnsafeMutablePointer<Float>, rounds: SliceRounds, round: Int) throws {
    let all = rounds.elements(ofRound: round)
    let slices = (0..<size).map { rounds.elements(ofRank: $0, inRound: round) }
    let counts = slices.map { Int32($0.count) }
    let starts = slices.map { Int32($0.lowerBound - all.lowerBound) }
    try unsafe finish("gathering the sums of \(all.count) elements over \(size) members") {
      unsafe MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_FLOAT, result + all.lowerBound, counts, starts, MPI_FLOAT, members, &$0)
    }
  }
}
