internal import CMPI

/// Tree sums by messages among the members of one MPI communicator, used by one thread. Several may be under way.
@safe final class MessageSums {
  /// Number of this member.
  let rank: Int
  /// Number of members.
  let size: Int
  /// How long sums travel.
  let wire: WireFormat
  private let members: MPI_Comm
  /// Sums begun so far, by which the messages of each are told from those of others.
  private var begun = 0
  private var idle: [MessageBuffers] = []
  /// Up to this many floats of all nodes go to all members in one message: latency counts, not bandwidth.
  static let shortSum = 1 << 14

  /// Sums over the members of a communicator that nobody else uses.
  /// - Parameter wire: how long sums travel.
  init(over members: MPI_Comm, wire: WireFormat = .float32) throws {
    self.wire = wire
    unsafe self.members = unsafe members
    rank = try MPICommunicator.number("asking for the rank") { unsafe MPI_Comm_rank(members, &$0) }
    size = try MPICommunicator.number("asking for the number of ranks") { unsafe MPI_Comm_size(members, &$0) }
  }

  /// The root sum of the nodes of all members, on every member; waits for it. Parameters as those of `begin`.
  func sum(_ nodes: [UnsafePointer<Float>], count: Int, layout: TreeLayout, into result: UnsafeMutablePointer<Float>) throws {
    let sum = try unsafe begin(nodes, count: count, layout: layout, into: result)
    try Patience.wait { try sum.advance() }
  }

  /// Begins the root sum of the nodes of all members, on every member. All members begin the same sums in the same order.
  ///
  /// - Parameters:
  ///   - nodes: the elements of each of this member's nodes; they stay until the sum is there.
  ///   - result: receives `count` sums; may be the first of `nodes`.
  /// - Returns: the sum under way, which goes on when it is asked to.
  func begin(
    _ nodes: [UnsafePointer<Float>], count: Int, layout: TreeLayout, into result: UnsafeMutablePointer<Float>
  ) throws -> MessageSum {
    let buffers = idle.popLast() ?? MessageBuffers()
    let plan = MessagePlan(rank: rank, size: size, layout: layout, count: count, wire: wire)
    let rounds = unsafe plan.rounds(nodes, into: result, buffers)
    begun += 1
    let sum = unsafe MessageSum(rounds, members: members, number: begun, buffers) { [unowned self] in idle.append($0) }
    try sum.start()
    return sum
  }

  /// `MPI_Allreduce` in place: fast or slow as the library has it, its order of additions depends on the number of ranks.
  func allReduce(_ values: UnsafeMutablePointer<Float>, count: Int) throws {
    try MPICommunicator.check(
      unsafe MPI_Allreduce(MPI_IN_PLACE, values, Int32(count), MPI_FLOAT, MPI_SUM, members), "reducing \(count) elements over \(size) ranks"
    )
  }
}
