internal import CMPI
internal import Sharding

extension MPICommunicator {
  private func layout(_ plan: ShardPlan) -> (ranks: TreeLayout, host: HostLayout) {
    if let known = layouts[plan] { return known }
    let made = (TreeLayout(plan: plan, ranks: size), HostLayout(plan: plan, hostSizes: hostSizes, host: hostNumber))
    layouts[plan] = made
    return made
  }

  func sumTree(_ partials: UnsafeMutablePointer<Float>, count: Int, plan: ShardPlan, into result: UnsafeMutablePointer<Float>) throws {
    if count == 0 { return }
    let layout = layout(plan)
    if let board, HostBoard.fits(layout.host, count: count) {
      return try unsafe board.sum(partials, count: count, layout: layout.host, into: result)
    }
    let nodes = unsafe layout.ranks.nodes(ofMember: rank).indices.map {
      unsafe UnsafePointer(partials + ($0 - layout.ranks.firstNode[rank]) * count)
    }
    try unsafe messages.sum(nodes, count: count, layout: layout.ranks, into: result)
  }

  func libraryAllReduce(_ values: UnsafeMutablePointer<Float>, count: Int) throws {
    try unsafe messages.allReduce(values, count: count)
  }

  func longSums(_ plan: ShardPlan, capacity: Int, by reduction: Reduction, wire: WireFormat, lending: Bool) throws -> LongSums? {
    guard size > 1 else { return nil }
    let layout = layout(plan)
    let pieces = try Pieces(capacity: capacity, hosts: hosts, link: hostLink())
    let isShared = board != nil && (reduction == .overlapped || reduction == .blocking)
    // On one host shared memory needs no MPI in the thread.
    let isThreaded = reduction != .blocking && (isThreadSafe || isShared && hosts == 1)
    // The stream of one gradient may be longer than its parameters: a network that a loss uses twice sends twice.
    let room = 8 * capacity + (1 << 20)
    guard isShared else {
      let way = try MessageWay(
        unsafe MessageSums(over: channel(like: world)), layout: layout.ranks, reducesByLibrary: reduction == .mpi, pieces,
        capacity: room)
      return LongSums(way, isThreaded: isThreaded)
    }
    let lanes = hostSizes.min() ?? 1
    let nodes = layout.host.largestMember
    let parts = HostWay.Parts(
      layout: layout.host, size: localSize, pieces: pieces, capacity: room,
      lent: lending ? LongSums.lentBytes(capacity: capacity, nodes: nodes, ranks: 1) / 4 : 0)
    let lane = try hosts == 1 ? nil : unsafe channel(ofLane: localRank < lanes ? localRank : nil)
    let exchange = try unsafe lane.map { try unsafe MessageSums(over: $0, wire: wire) }
    let way = try HostWay(
      sharedMemory(parts.byteCount, reserving: parts.results + 4 * capacity), parts, rank: localRank, lanes: lanes, lane: exchange,
      streams: capacity >= Self.longestCached, patience: patience)
    return LongSums(way, isThreaded: isThreaded)
  }
}
