internal import CMPI

extension Communicator {
  /// Seconds that a message of 8 bytes takes from rank 0 to each other rank and back, by rank, on rank 0; medians of 20. Others get zeros.
  ///
  /// Ranks are asked one after the other, so that one that does not answer can be named.
  /// - Parameter asking: called on rank 0 before it writes to a rank.
  /// - Throws: `CommunicationError` when a message fails.
  public func roundTrips(asking: (Int) -> Void) throws -> [Double] {
    try (self as? MPICommunicator)?.measuredRoundTrips(asking) ?? [0]
  }
}

extension MPICommunicator {
  fileprivate func measuredRoundTrips(_ asking: (Int) -> Void) throws -> [Double] {
    var duplicate: MPI_Comm?
    try Self.check(unsafe MPI_Comm_dup(world, &duplicate), "opening a channel for round trips")
    let channel = unsafe duplicate
    var times = [Double](repeating: 0, count: size)
    for other in 1..<max(size, 1) where rank == 0 || rank == other {
      if rank == 0 { asking(other) }
      let rows = try (0..<20).map { _ in try elapsed { try unsafe pass(other, channel) } }
      if rank == 0 { times[other] = median(rows) }
    }
    try barrier()
    try Self.check(unsafe MPI_Comm_free(&duplicate), "closing the channel for round trips")
    return times
  }

  /// There and back between rank 0 and `other`, on both.
  private func pass(_ other: Int, _ channel: MPI_Comm?) throws {
    var word = Int64(other)
    func send(_ to: Int) throws {
      try Self.check(unsafe MPI_Send(&word, 1, MPI_INT64_T, Int32(to), 0, channel), "writing to rank \(to)")
    }
    func receive(_ from: Int) throws {
      try Self.check(unsafe MPI_Recv(&word, 1, MPI_INT64_T, Int32(from), 0, channel, nil), "hearing from rank \(from)")
    }
    if rank == 0 {
      try send(other)
      try receive(other)
    } else {
      try receive(0)
      try send(0)
    }
  }
}
