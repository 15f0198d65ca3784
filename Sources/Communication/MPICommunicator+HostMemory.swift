internal import CMPI
internal import Glibc

extension MPICommunicator {
  public func canShare(_ bytes: Int) throws -> Bool {
    guard size > 1 else { return false }
    let needed = bytes + HostBoard.byteCount(localSize)
    let lacks = (SharedMemory.room ?? 0) < needed
    guard try combineFlags(localRank == 0 && lacks ? 1 : 0) == 0 else { return false }
    if board == nil {
      let memory = try sharedMemory(HostBoard.byteCount(localSize))
      try memory.reserve(HostBoard.byteCount(localSize))
      let sums = try unsafe leaders.map { try unsafe MessageSums(over: $0) }
      board = HostBoard(memory, rank: localRank, size: localSize, leaders: sums)
    }
    return true
  }

  public func sharedFloats(_ count: Int) throws -> SharedFloats? {
    guard size > 1 else { return nil }
    let memory = try sharedMemory(count * 4)
    try memory.reserve(count * 4)
    return SharedFloats(memory, count: count)
  }

  public func hostBarrier() {
    if let board { return board.barrier() }
    _ = unsafe MPI_Barrier(host)
  }

  /// Memory that all ranks of this host map; the name is gone when this returns.
  func sharedMemory(_ bytes: Int) throws -> SharedMemory {
    var maker = Int64(getpid())
    try Self.check(unsafe MPI_Bcast(&maker, 1, MPI_INT64_T, 0, host), "naming shared memory")
    sharedFiles += 1
    let name = "/dist-gan-\(maker)-\(sharedFiles)"
    var made: Result<SharedMemory, CommunicationError>?
    func attempt(isNew: Bool) {
      made = Result { () throws(CommunicationError) in try SharedMemory(name: name, isNew: isNew, capacity: bytes) }
    }
    if localRank == 0 { attempt(isNew: true) }
    try Self.check(unsafe MPI_Barrier(host), "sharing memory")
    if localRank != 0 { attempt(isNew: false) }
    try Self.check(unsafe MPI_Barrier(host), "sharing memory")
    if localRank == 0 { SharedMemory.unlink(name) }
    guard let made else { preconditionFailure("MPICommunicator: no attempt was made to share memory") }
    return try made.get()
  }
}
