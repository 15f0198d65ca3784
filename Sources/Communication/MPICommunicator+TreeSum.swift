internal import CMPI
public import Sharding

extension MPICommunicator {
  /// Up to this many elements, all nodes go to all ranks in one message: latency counts, not bandwidth.
  static let shortSum = 4096

  public func sumTree(_ partials: UnsafeMutablePointer<Float>, count: Int, plan: ShardPlan, into result: UnsafeMutablePointer<Float>) throws
  {
    if count == 0 { return }
    if size == 1 {
      if unsafe partials != result { unsafe result.update(from: partials, count: count) }
      return
    }
    let layout = layouts[plan.shardCount] ?? TreeLayout(plan: plan, ranks: size)
    layouts[plan.shardCount] = layout
    if count <= Self.shortSum {
      try unsafe sumShort(partials, count: count, layout: layout, into: result)
    } else {
      let rounds = SliceRounds(count: count, ranks: size)
      for round in 0..<rounds.roundCount {
        try unsafe exchange(partials, rounds: rounds, round: round, layout: layout, into: result)
        try unsafe share(result, rounds: rounds, round: round)
      }
    }
  }

  /// Every rank receives all nodes and adds them itself.
  private func sumShort(
    _ partials: UnsafeMutablePointer<Float>, count: Int, layout: TreeLayout, into result: UnsafeMutablePointer<Float>
  ) throws {
    let received = unsafe scratch.floats(layout.nodeCount * count)
    let counts = (0..<size).map { Int32(layout.nodes(ofRank: $0).count * count) }
    let starts = (0..<size).map { Int32(layout.firstNode[$0] * count) }
    try Self.check(
      unsafe MPI_Allgatherv(partials, counts[rank], MPI_FLOAT, received, counts, starts, MPI_FLOAT, world),
      "gathering \(layout.nodeCount) partial sums of \(count) elements over \(size) ranks")
    unsafe layout.add((0..<layout.nodeCount).map { unsafe UnsafePointer(received + $0 * count) }, count: count, into: result)
  }

  /// Every rank sends each other rank the slices that it owns, and adds its own slice of all nodes.
  private func exchange(
    _ partials: UnsafeMutablePointer<Float>, rounds: SliceRounds, round: Int, layout: TreeLayout, into result: UnsafeMutablePointer<Float>
  ) throws {
    let slice = rounds.elements(ofRank: rank, inRound: round)
    let received = unsafe scratch.floats(layout.nodeCount * slice.count)
    let own = layout.nodes(ofRank: rank)
    var requests: [MPI_Request?] = unsafe []
    unsafe requests.reserveCapacity(layout.nodeCount + own.count * size)
    // Receives are posted before sends, so that no message has to be parked; ranks start with different partners.
    for distance in 1..<size {
      let source = (rank + size - distance) % size
      for node in layout.nodes(ofRank: source) {
        unsafe requests.append(nil)
        try Self.check(
          unsafe MPI_Irecv(
            received + node * slice.count, Int32(slice.count), MPI_FLOAT, Int32(source), Int32(node), world, &requests[requests.count - 1]),
          "receiving a slice of \(slice.count) elements from rank \(source)")
      }
    }
    for distance in 1..<size {
      let target = (rank + distance) % size
      let wanted = rounds.elements(ofRank: target, inRound: round)
      for node in own {
        let start = unsafe partials + (node - own.lowerBound) * rounds.count + wanted.lowerBound
        unsafe requests.append(nil)
        try Self.check(
          unsafe MPI_Isend(start, Int32(wanted.count), MPI_FLOAT, Int32(target), Int32(node), world, &requests[requests.count - 1]),
          "sending a slice of \(wanted.count) elements to rank \(target)")
      }
    }
    // The C array of statuses is not wanted: MPI_STATUSES_IGNORE is the null pointer.
    try Self.check(unsafe MPI_Waitall(Int32(requests.count), &requests, nil), "exchanging slices among \(size) ranks")
    let nodes = unsafe (0..<layout.nodeCount).map { node -> UnsafePointer<Float> in
      unsafe own.contains(node)
        ? UnsafePointer(partials + (node - own.lowerBound) * rounds.count + slice.lowerBound) : UnsafePointer(received + node * slice.count)
    }
    unsafe layout.add(nodes, count: slice.count, into: result + slice.lowerBound)
  }

  /// Gives the sums of every owner's slice to all ranks.
  private func share(_ result: UnsafeMutablePointer<Float>, rounds: SliceRounds, round: Int) throws {
    let all = rounds.elements(ofRound: round)
    let slices = (0..<size).map { rounds.elements(ofRank: $0, inRound: round) }
    let counts = slices.map { Int32($0.count) }
    let starts = slices.map { Int32($0.lowerBound - all.lowerBound) }
    try Self.check(
      unsafe MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_FLOAT, result + all.lowerBound, counts, starts, MPI_FLOAT, world),
      "gathering the sums of \(all.count) elements over \(size) ranks")
  }
}
