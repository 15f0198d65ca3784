internal import CMPI
internal import Glibc
internal import Sharding

/// The communicator of a run under mpirun or srun.
///
/// Owns every MPI handle of the process. Each return code becomes a `CommunicationError` with MPI's own text.
@safe public final class MPICommunicator: Communicator {
  public let rank: Int
  public let size: Int
  public let localRank: Int
  public let localSize: Int
  public let hosts: Int
  public let hostName: String
  /// Whether several threads may use MPI at once (`MPI_THREAD_MULTIPLE` was granted).
  public let isThreadSafe: Bool

  let world: MPI_Comm
  var layouts: [Int: TreeLayout] = [:]
  var scratch = Scratch()
  /// Bytes of one broadcast message, below the limit of C's `int`.
  static let largestMessage = 1 << 30

  /// Starts MPI. A process can do so once.
  /// - Throws: `CommunicationError` when MPI cannot be started.
  public init() throws {
    var granted: Int32 = 0
    try Self.check(
      unsafe MPI_Init_thread(nil, nil, Int32(MPI_THREAD_MULTIPLE), &granted), "starting MPI", "start the program with mpirun")
    isThreadSafe = granted == Int32(MPI_THREAD_MULTIPLE)
    let world: MPI_Comm = unsafe MPI_COMM_WORLD
    unsafe self.world = unsafe world
    try Self.check(unsafe MPI_Comm_set_errhandler(world, MPI_ERRORS_RETURN), "asking MPI to report errors")
    rank = try Self.number("asking for the rank") { unsafe MPI_Comm_rank(world, &$0) }
    size = try Self.number("asking for the number of ranks") { unsafe MPI_Comm_size(world, &$0) }

    var onHost: MPI_Comm?
    try Self.check(
      unsafe MPI_Comm_split_type(world, Int32(MPI_COMM_TYPE_SHARED), Int32(rank), MPI_INFO_NULL, &onHost), "finding the ranks of this host")
    let local = unsafe onHost
    localRank = try Self.number("asking for the local rank") { unsafe MPI_Comm_rank(local, &$0) }
    localSize = try Self.number("asking for the number of local ranks") { unsafe MPI_Comm_size(local, &$0) }
    try Self.check(unsafe MPI_Comm_free(&onHost), "releasing the ranks of this host")
    var first: Int64 = localRank == 0 ? 1 : 0
    var hosts: Int64 = 0
    try Self.check(unsafe MPI_Allreduce(&first, &hosts, 1, MPI_INT64_T, MPI_SUM, world), "counting the hosts")
    self.hosts = Int(hosts)

    var length: Int32 = 0
    var name = [CChar](repeating: 0, count: Int(MPI_MAX_PROCESSOR_NAME))
    try Self.check(unsafe MPI_Get_processor_name(&name, &length), "asking for the host's name")
    hostName = String(decoding: name.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Turns MPI's return code into an error.
  static func check(_ code: Int32, _ attempted: @autoclosure () -> String, _ remedy: String? = nil) throws(CommunicationError) {
    guard code != MPI_SUCCESS else { return }
    var length: Int32 = 0
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING))
    let known = unsafe MPI_Error_string(code, &text, &length) == MPI_SUCCESS
    let words = String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    throw CommunicationError(
      attempted: attempted(), found: known ? words : "MPI returned code \(code)",
      remedy: remedy ?? "see the messages of mpirun and of the other ranks, then start again from the last checkpoint")
  }

  private static func number(_ attempted: String, _ call: (inout Int32) -> Int32) throws -> Int {
    var value: Int32 = 0
    try check(call(&value), attempted)
    return Int(value)
  }

  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws {
    precondition((0..<size).contains(root), "broadcast: root is rank \(root) of \(size) ranks")
    for start in stride(from: 0, to: bytes.count, by: Self.largestMessage) {
      let length = min(Self.largestMessage, bytes.count - start)
      try Self.check(
        unsafe MPI_Bcast(bytes.baseAddress! + start, Int32(length), MPI_BYTE, Int32(root), world),
        "broadcasting \(length) bytes from rank \(root)")
    }
  }

  public func allGather(_ bytes: UnsafeRawBufferPointer) throws -> [[UInt8]] {
    var length = Int64(bytes.count)
    var lengths = [Int64](repeating: 0, count: size)
    try Self.check(
      unsafe MPI_Allgather(&length, 1, MPI_INT64_T, &lengths, 1, MPI_INT64_T, world), "gathering the lengths of \(size) messages")
    // One broadcast per rank: what is gathered (names, options, sample rows) is rare or small, and lengths may exceed C's `int`.
    return try (0..<size).map { root in
      var message = unsafe root == rank ? Array(bytes) : [UInt8](repeating: 0, count: Int(lengths[root]))
      try unsafe message.withUnsafeMutableBytes { try unsafe broadcast($0, from: root) }
      return message
    }
  }

  public func combineFlags(_ flags: UInt64) throws -> UInt64 {
    var own = flags
    var combined: UInt64 = 0
    try Self.check(unsafe MPI_Allreduce(&own, &combined, 1, MPI_UINT64_T, MPI_BOR, world), "combining flags over \(size) ranks")
    return combined
  }

  public func allEqual(_ value: UInt64) throws -> Bool {
    // The largest complement is the complement of the smallest value.
    var own = [value, ~value]
    var largest: [UInt64] = [0, 0]
    try Self.check(unsafe MPI_Allreduce(&own, &largest, 2, MPI_UINT64_T, MPI_MAX, world), "comparing a value over \(size) ranks")
    return largest[0] == ~largest[1]
  }

  public func barrier() throws {
    try Self.check(unsafe MPI_Barrier(world), "waiting for \(size) ranks")
  }

  public func abort(_ code: Int32) -> Never {
    fflush(nil)
    _ = unsafe MPI_Abort(world, code)
    // MPI_Abort does not return; should it do so, the exit code still tells.
    _exit(code)
  }

  public func finish() { MPI_Finalize() }
}
