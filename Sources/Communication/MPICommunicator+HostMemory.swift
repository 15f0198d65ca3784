internal import CMPI
internal import Glibc

extension MPICommunicator {
  func canShare(_ bytes: Int) throws -> Bool {
    guard size > 1 else { return false }
    let needed = bytes + HostBoard.byteCount(localSize)
    let lacks = (SharedMemory.room ?? 0) < needed
    guard try combineFlags(localRank == 0 && lacks ? 1 : 0) == 0 else { return false }
    if board == nil {
      let bytes = HostBoard.byteCount(localSize)
      let memory = try? sharedMemory(bytes, reserving: bytes)
      // What one host cannot have none uses: the others would wait for its first rank below.
      guard try combineFlags(memory == nil ? 1 : 0) == 0, let memory else { return false }
      let sums = try unsafe leaders.map { try unsafe MessageSums(over: channel(like: $0)) }
      board = HostBoard(memory, rank: localRank, size: localSize, leaders: sums, patience: patience)
    }
    return true
  }

  func sharedFloats(_ count: Int) throws -> SharedFloats? {
    guard size > 1 else { return nil }
    return SharedFloats(try sharedMemory(count * 4, reserving: count * 4), count: count)
  }

  func hostBarrier() {
    if let board { return board.barrier() }
    _ = unsafe MPI_Barrier(host)
  }

  /// Memory that all ranks of this host map, of which the first `reserved` bytes may be touched; the name is gone when this returns.
  /// - Throws: `CommunicationError` on all ranks of the host when one of them has no such memory.
  func sharedMemory(_ bytes: Int, reserving reserved: Int) throws -> SharedMemory {
    var maker = Int64(getpid())
    try Self.check(unsafe MPI_Bcast(&maker, 1, MPI_INT64_T, 0, host), "naming shared memory")
    sharedFiles += 1
    let name = "/dist-gan-\(maker)-\(sharedFiles)"
    var made: Result<SharedMemory, CommunicationError>?
    var isNamed = false
    func attempt(isNew: Bool) {
      made = Result { () throws(CommunicationError) in
        let memory = try SharedMemory(name: name, isNew: isNew, capacity: bytes)
        isNamed = isNew
        try memory.reserve(reserved)
        return memory
      }
    }
    if localRank == 0 { attempt(isNew: true) }
    try Self.check(unsafe MPI_Barrier(host), "sharing memory")
    if localRank != 0 { attempt(isNew: false) }
    // A rank that went on alone would wait for the others for ever, perhaps with the file of another job that has the same name.
    var failures: Int32 = if case .success = made { 0 } else { 1 }
    try Self.check(unsafe MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT32_T, MPI_SUM, host), "sharing memory")
    if isNamed { SharedMemory.unlink(name) }
    guard let made else { preconditionFailure("MPICommunicator: no attempt was made to share memory") }
    let memory = try made.get()
    guard failures == 0 else {
      throw CommunicationError(
        attempted: "sharing \(bytes) bytes of /dev/shm", found: "\(failures) of \(localSize) ranks of \(hostName) could not",
        remedy: "see the messages of the other ranks, enlarge /dev/shm (docker: --shm-size) or use --reduce messages")
    }
    return memory
  }
}
