internal import CMPI
internal import Glibc
internal import Sharding

/// The communicator of a run under mpirun or srun.
///
/// Owns every MPI handle of the process. Each return code becomes a `CommunicationError` with MPI's own text.
@safe final class MPICommunicator: Communicator {
  let rank: Int
  let size: Int
  let localRank: Int
  let localSize: Int
  let hosts: Int
  let hostName: String
  /// Whether several threads may use MPI at once (`MPI_THREAD_MULTIPLE` was granted).
  let isThreadSafe: Bool

  let world: MPI_Comm
  let host: MPI_Comm
  let leaders: MPI_Comm?
  /// Ranks of each host, in the order of ranks.
  let hostSizes: [Int]
  let hostNumber: Int
  let messages: MessageSums
  /// The communicators that this process made, in order.
  private var made: [MPI_Comm]
  var board: HostBoard?
  var layouts: [ShardPlan: (ranks: TreeLayout, host: HostLayout)] = [:]
  var sharedFiles = 0
  /// The link between hosts, once it is measured.
  var measuredLink: Link?
  /// How the ranks of this host wait for each other.
  let patience: Patience
  /// Bytes of one broadcast message, below the limit of C's `int`.
  static let largestMessage = 1 << 30
  /// Floats of the longest gradient whose sums are left in the caches for those who read them: with the partial sums of two ranks, 24 MiB.
  static let longestCached = 1 << 21

  /// Starts MPI. A process can do so once.
  /// - Throws: `CommunicationError` when MPI cannot be started.
  init() throws {
    // Longer messages ask before they send, which costs two more latencies; what the user set holds. Open MPI counts its own header in.
    for name in ["eager_limit", "rndv_eager_limit", "max_send_size"] {
      unsafe setenv("OMPI_MCA_btl_tcp_\(name)", "\(MessageSum.longestMessage + 1024)", 0)
    }
    var granted: Int32 = 0
    try Self.check(
      unsafe MPI_Init_thread(nil, nil, Int32(MPI_THREAD_MULTIPLE), &granted), "starting MPI", "start the program with mpirun")
    isThreadSafe = granted == Int32(MPI_THREAD_MULTIPLE)
    try Self.check(unsafe MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "asking MPI to report errors")
    let place = try Self.number("asking for the rank") { unsafe MPI_Comm_rank(MPI_COMM_WORLD, &$0) }
    let host = try unsafe Self.making("finding the ranks of this host") {
      unsafe MPI_Comm_split_type(MPI_COMM_WORLD, Int32(MPI_COMM_TYPE_SHARED), Int32(place), MPI_INFO_NULL, &$0)
    }
    unsafe self.host = unsafe host
    localRank = try Self.number("asking for the local rank") { unsafe MPI_Comm_rank(host, &$0) }
    localSize = try Self.number("asking for the number of local ranks") { unsafe MPI_Comm_size(host, &$0) }
    patience = localSize > Cores.current().available.count ? .crowded : .alone
    // Ranks are numbered host by host, however the launcher dealt them out, so that the shards of a host are adjacent. The host of
    // rank 0 comes first.
    var first = Int32(place)
    try Self.check(unsafe MPI_Bcast(&first, 1, MPI_INT32_T, 0, host), "naming this host's first rank")
    var number = Int64(first) << 32 | Int64(localRank)
    var numbers = [Int64](
      repeating: 0, count: try Self.number("asking for the number of ranks") { unsafe MPI_Comm_size(MPI_COMM_WORLD, &$0) })
    try Self.check(
      unsafe MPI_Allgather(&number, 1, MPI_INT64_T, &numbers, 1, MPI_INT64_T, MPI_COMM_WORLD), "finding the hosts")
    size = numbers.count
    let ordered = numbers.sorted()
    rank = ordered.firstIndex(of: number) ?? 0
    let key = Int32(rank)
    let world = try unsafe Self.making("numbering the ranks by host") { unsafe MPI_Comm_split(MPI_COMM_WORLD, 0, key, &$0) }
    unsafe self.world = unsafe world
    let firsts = Set(numbers.map { $0 >> 32 }).sorted()
    hosts = firsts.count
    hostSizes = firsts.map { first in numbers.count { $0 >> 32 == first } }
    hostNumber = firsts.firstIndex(of: Int64(first)) ?? 0
    let isLeader = localRank == 0
    let leaders = try unsafe Self.split(world, into: isLeader ? 0 : nil, key: key, "finding the first ranks of the hosts")
    unsafe self.leaders = unsafe leaders
    let channel = try unsafe Self.duplicate(world)
    messages = try unsafe MessageSums(over: channel)
    unsafe made = unsafe [host, world, channel] + (leaders.map { unsafe [$0] } ?? [])

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

  /// Runs a call that makes a communicator.
  private static func making(_ attempted: String, _ call: (inout MPI_Comm?) -> Int32) throws -> MPI_Comm {
    var communicator: MPI_Comm?
    try unsafe check(call(&communicator), attempted)
    guard let communicator = unsafe communicator else {
      throw CommunicationError(attempted: attempted, found: "MPI made no communicator", remedy: "check the MPI installation")
    }
    return unsafe communicator
  }

  /// The ranks of the same colour; nil for a rank without one. Collective over `communicator`.
  private static func split(_ communicator: MPI_Comm, into color: Int?, key: Int32, _ attempted: String) throws -> MPI_Comm? {
    var part: MPI_Comm?
    try check(unsafe MPI_Comm_split(communicator, color.map { Int32($0) } ?? Int32(MPI_UNDEFINED), key, &part), attempted)
    return color == nil ? nil : unsafe part
  }

  private static func duplicate(_ communicator: MPI_Comm) throws -> MPI_Comm {
    try unsafe making("duplicating a communicator") { unsafe MPI_Comm_dup(communicator, &$0) }
  }

  /// A channel of the same ranks that nothing else uses; closed at the end. Collective over `communicator`.
  func channel(like communicator: MPI_Comm) throws -> MPI_Comm {
    let channel = try unsafe Self.duplicate(communicator)
    unsafe made.append(channel)
    return unsafe channel
  }

  /// A channel of the ranks that ask for the same lane; nil for a rank without one. Closed at the end. Collective.
  func channel(ofLane lane: Int?) throws -> MPI_Comm? {
    let channel = try unsafe Self.split(world, into: lane, key: Int32(rank), "finding the ranks of a lane")
    if let channel = unsafe channel { unsafe made.append(channel) }
    return unsafe channel
  }

  static func number(_ attempted: String, _ call: (inout Int32) -> Int32) throws -> Int {
    var value: Int32 = 0
    try check(call(&value), attempted)
    return Int(value)
  }

  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws {
    precondition((0..<size).contains(root), "broadcast: root is rank \(root) of \(size) ranks")
    try unsafe Self.broadcast(bytes, from: root, over: world)
  }

  func broadcastToHosts(_ bytes: UnsafeMutableRawBufferPointer) throws {
    if let leaders = unsafe leaders { try unsafe Self.broadcast(bytes, from: 0, over: leaders) }
    hostBarrier()
  }

  private static func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int, over members: MPI_Comm) throws {
    for start in stride(from: 0, to: bytes.count, by: largestMessage) {
      let length = min(largestMessage, bytes.count - start)
      try check(
        unsafe MPI_Bcast(bytes.baseAddress! + start, Int32(length), MPI_BYTE, Int32(root), members),
        "broadcasting \(length) bytes from rank \(root)")
    }
  }

  func allGather(_ bytes: UnsafeRawBufferPointer) throws -> [[UInt8]] {
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

  func combineFlags(_ flags: UInt64) throws -> UInt64 {
    var own = flags
    var combined: UInt64 = 0
    try Self.check(unsafe MPI_Allreduce(&own, &combined, 1, MPI_UINT64_T, MPI_BOR, world), "combining flags over \(size) ranks")
    return combined
  }

  func allEqual(_ value: UInt64) throws -> Bool {
    // The largest complement is the complement of the smallest value.
    var own = [value, ~value]
    var largest: [UInt64] = [0, 0]
    try Self.check(unsafe MPI_Allreduce(&own, &largest, 2, MPI_UINT64_T, MPI_MAX, world), "comparing a value over \(size) ranks")
    return largest[0] == ~largest[1]
  }

  func barrier() throws {
    try Self.check(unsafe MPI_Barrier(world), "waiting for \(size) ranks")
  }

  func abort(_ code: Int32) -> Never {
    fflush(nil)
    _ = unsafe MPI_Abort(world, code)
    // MPI_Abort does not return; should it do so, the exit code still tells.
    _exit(code)
  }

  func finish() {
    // All ranks of a communicator close it at the same point of this list.
    unsafe made.reversed().forEach { communicator in
      var closed: MPI_Comm? = unsafe communicator
      unsafe MPI_Comm_free(&closed)
    }
    MPI_Finalize()
  }
}
