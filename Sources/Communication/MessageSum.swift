internal import CMPI

/// Memory for the messages of one sum, kept for the next.
final class MessageBuffers {
  /// What was received.
  var received = Scratch()
  /// Rounded numbers on their way.
  var halves = HalfFloats()
}

/// Floats that go to a member.
@safe struct OutgoingMessage {
  let floats: UnsafePointer<Float>
  let count: Int
  let member: Int
}

/// Floats that come from a member.
@safe struct IncomingMessage {
  let floats: UnsafeMutablePointer<Float>
  let count: Int
  let member: Int
}

/// Messages that a member posts at once, and what it does when all have come.
struct MessageRound {
  /// What goes.
  var sends: [OutgoingMessage] = []
  /// What comes.
  var receives: [IncomingMessage] = []
  /// How they travel.
  var wire = WireFormat.float32
  /// Adds what has come.
  var finish: () -> Void = {}
}

/// A sum whose messages are under way.
@safe final class MessageSum {
  private var rounds: ArraySlice<MessageRound>
  private let members: MPI_Comm
  private let number: Int
  private let buffers: MessageBuffers
  private let giveBack: (MessageBuffers) -> Void
  private var requests: [MPI_Request?] = unsafe []
  /// Where rounded numbers come in.
  private var halves: UnsafeMutablePointer<UInt16>?
  private var round = 0
  /// Bytes of the longest message: such as TCP sends at once.
  static let longestMessage = 1 << 20

  /// - Parameters:
  ///   - number: tells the messages of this sum from those of the others under way.
  ///   - giveBack: takes the buffers when the sum is there.
  init(
    _ rounds: [MessageRound], members: MPI_Comm, number: Int, _ buffers: MessageBuffers, giveBack: @escaping (MessageBuffers) -> Void
  ) {
    self.rounds = rounds[...]
    unsafe self.members = unsafe members
    self.number = number
    self.buffers = buffers
    self.giveBack = giveBack
  }

  /// Posts the first messages.
  func start() throws { try post() }

  /// Whether nothing is sent after the messages that are waited for.
  var isInLastRound: Bool { rounds.count <= 1 }

  /// Goes on as far as messages have come.
  /// - Returns: whether the sum is there.
  func advance() throws -> Bool {
    while let current = rounds.first {
      var isDone: Int32 = 0
      // The C array of statuses is not wanted: MPI_STATUSES_IGNORE is the null pointer.
      try MPICommunicator.check(
        unsafe MPI_Testall(Int32(requests.count), &requests, &isDone, nil), "waiting for \(unsafe requests.count) messages of a sum")
      if isDone == 0 { return false }
      if current.wire == .bfloat16 { widen(current) }
      current.finish()
      rounds.removeFirst()
      round += 1
      try post()
    }
    return true
  }

  /// Posts the messages of the next round; without one the sum is there.
  private func post() throws {
    unsafe requests.removeAll(keepingCapacity: true)
    guard let round = rounds.first else { return giveBack(buffers) }
    // Receives are posted before sends, so that no message has to be parked.
    switch round.wire {
    case .float32:
      for message in round.receives { try unsafe receive(message.floats, 4 * message.count, from: message.member) }
      for message in round.sends { try unsafe send(message.floats, 4 * message.count, to: message.member) }
    case .bfloat16:
      let (coming, going) = (round.receives.reduce(0) { $0 + $1.count }, round.sends.reduce(0) { $0 + $1.count })
      var place = unsafe buffers.halves.memory(coming + going)
      unsafe halves = unsafe place
      for message in round.receives {
        try unsafe receive(place, 2 * message.count, from: message.member)
        unsafe place += message.count
      }
      for message in round.sends {
        for element in 0..<message.count { unsafe place[element] = BFloat16.bits(message.floats[element]) }
        try unsafe send(place, 2 * message.count, to: message.member)
        unsafe place += message.count
      }
    }
  }

  /// Makes floats of the rounded numbers that have come.
  private func widen(_ round: MessageRound) {
    guard var place = unsafe halves else { return }
    for message in round.receives {
      for element in 0..<message.count { unsafe message.floats[element] = BFloat16.float(place[element]) }
      unsafe place += message.count
    }
  }

  /// The same for all messages of a round: those between two members come in the order they are sent.
  private var tag: Int32 { Int32((number & 255) << 6 | round & 63) }

  private func receive(_ memory: UnsafeMutableRawPointer, _ bytes: Int, from member: Int) throws {
    for start in stride(from: 0, to: bytes, by: Self.longestMessage) {
      let length = Int32(min(Self.longestMessage, bytes - start))
      unsafe requests.append(nil)
      try MPICommunicator.check(
        unsafe MPI_Irecv(memory + start, length, MPI_BYTE, Int32(member), tag, members, &requests[requests.count - 1]),
        "receiving \(length) bytes of a sum from member \(member)")
    }
  }

  private func send(_ memory: UnsafeRawPointer, _ bytes: Int, to member: Int) throws {
    for start in stride(from: 0, to: bytes, by: Self.longestMessage) {
      let length = Int32(min(Self.longestMessage, bytes - start))
      unsafe requests.append(nil)
      try MPICommunicator.check(
        unsafe MPI_Isend(memory + start, length, MPI_BYTE, Int32(member), tag, members, &requests[requests.count - 1]),
        "sending \(length) bytes of a sum to member \(member)")
    }
  }
}
