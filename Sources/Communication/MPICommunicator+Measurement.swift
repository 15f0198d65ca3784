internal import CMPI
internal import Glibc

/// Seconds of messages between pairs of ranks.
struct ExchangeTimes {
  /// Median seconds by size, of the slowest pair.
  let points: [(bytes: Int, seconds: Double)]
  /// Seconds of `burstCount` messages of the first size posted at once.
  let burst: Double
  /// Seconds that each message of a burst adds.
  var gap: Double { max(0, (burst - points[0].seconds) / Double(Self.burstCount - 1)) }
  /// Messages of a burst.
  static let burstCount = 16
  /// Bytes of the messages: 4 B to 16 MiB, closer where the pieces of gradients are.
  static let sizes = [4, 64, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 19, 1 << 20, 1 << 21, 1 << 22, 1 << 23, 1 << 24]
}

extension MPICommunicator {
  /// Times messages between the first ranks of two hosts each, or between two ranks of the only host; nil for one rank.
  ///
  /// Each message goes both ways at once, as in sums, so that a link that is not duplex shows half its rate. Pairs measure at the same
  /// time; all other ranks sleep meanwhile, since ranks that spin would take the cores that the pairs may need.
  /// - Parameters:
  ///   - sizes: bytes of the messages.
  ///   - seconds: about so long each size is measured; a slow link takes longer.
  func measuredExchanges(_ sizes: [Int] = ExchangeTimes.sizes, seconds: Double = 0.3) throws -> ExchangeTimes? {
    if size == 1 { return nil }
    let firsts = try everyNumber(Double(localRank)).enumerated().filter { $0.element == 0 }.map(\.offset)
    let chosen = firsts.count > 1 ? firsts : [0, 1]
    let place = chosen.firstIndex(of: rank)
    let partner = place.flatMap { $0 ^ 1 < chosen.count ? chosen[$0 ^ 1] : nil }

    // A communicator of its own: no message of a sum can be taken for one of these.
    var duplicate: MPI_Comm?
    try Self.check(unsafe MPI_Comm_dup(world, &duplicate), "opening a channel for measurements")
    let channel = unsafe duplicate
    var times = [Double](repeating: 0, count: sizes.count + 1)
    if let partner {
      let pair = unsafe ExchangePair(partner: Int32(partner), channel: channel, patience: seconds)
      for (index, bytes) in sizes.enumerated() { times[index] = try pair.seconds(ofMessages: 1, bytes: bytes) }
      times[sizes.count] = try pair.seconds(ofMessages: ExchangeTimes.burstCount, bytes: sizes[0])
    }
    try unsafe sleepUntilAll(channel)
    try Self.check(unsafe MPI_Comm_free(&duplicate), "closing the channel for measurements")
    let slowest = try times.map { try everyNumber($0).max() ?? $0 }
    return ExchangeTimes(points: zip(sizes, slowest).map { ($0, $1) }, burst: slowest[sizes.count])
  }

  func hostLink() throws -> Link? {
    guard hosts > 1 else { return nil }
    if let measuredLink { return measuredLink }
    // Two sizes tell enough: of the longer message hundreds of KiB go one after the other, more than a shaper lets through at once.
    guard let times = try measuredExchanges([4, 1 << 18], seconds: 0.1) else { return nil }
    let (latency, long) = (times.points[0].seconds, times.points[1])
    measuredLink = Link(
      latency: latency, bandwidth: Double(long.bytes) / max(1e-9, long.seconds - latency), gap: times.gap)
    return measuredLink
  }

  /// A barrier that leaves the cores to others.
  private func sleepUntilAll(_ channel: MPI_Comm?) throws {
    var request: MPI_Request?
    try Self.check(unsafe MPI_Ibarrier(channel, &request), "waiting for the measurement of others")
    var isDone: Int32 = 0
    while isDone == 0 {
      try Self.check(unsafe MPI_Test(&request, &isDone, nil), "waiting for the measurement of others")
      if isDone == 0 { usleep(1000) }
    }
  }
}

/// Two ranks that send to each other at the same time.
@safe private struct ExchangePair {
  let partner: Int32
  let channel: MPI_Comm?
  /// Seconds in which a time should be found.
  let patience: Double

  /// Seconds of an exchange of `count` messages each way, all posted at once: the median over rows of exchanges of their means.
  ///
  /// Single exchanges tell nothing: of two ranks that are out of step by the latency each finds one message there at once and waits twice
  /// as long for the next.
  func seconds(ofMessages count: Int, bytes: Int) throws -> Double {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * count * bytes, alignment: 64)
    defer { unsafe buffer.deallocate() }
    unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)
    // The first one opens the connection or touches buffers; the second tells how often is soon enough.
    try unsafe exchange(buffer, count, bytes)
    let trial = try elapsed { try unsafe exchange(buffer, count, bytes) }
    let length = try agreed(trial < 0.05 ? 4 : 2)
    let rows = try agreed(max(3, min(50, Int(patience / max(trial * Double(length), 1e-6)))))
    let times = try (0..<rows).map { _ in
      try elapsed { for _ in 0..<length { try unsafe exchange(buffer, count, bytes) } } / Double(length)
    }
    return median(times)
  }

  private func exchange(_ buffer: UnsafeMutableRawBufferPointer, _ count: Int, _ bytes: Int) throws {
    var requests: [MPI_Request?] = unsafe Array(repeating: nil, count: 2 * count)
    for message in 0..<count {
      try MPICommunicator.check(
        unsafe MPI_Irecv(
          buffer.baseAddress! + message * bytes, Int32(bytes), MPI_BYTE, partner, Int32(message), channel, &requests[message]),
        "receiving \(bytes) bytes from rank \(partner)")
    }
    for message in 0..<count {
      try MPICommunicator.check(
        unsafe MPI_Isend(
          buffer.baseAddress! + (count + message) * bytes, Int32(bytes), MPI_BYTE, partner, Int32(message), channel,
          &requests[count + message]),
        "sending \(bytes) bytes to rank \(partner)")
    }
    try MPICommunicator.check(unsafe MPI_Waitall(Int32(2 * count), &requests, nil), "exchanging \(bytes) bytes with rank \(partner)")
  }

  /// The smaller of both ranks' numbers.
  private func agreed(_ own: Int) throws -> Int {
    var (mine, other) = (Int64(own), Int64(0))
    try MPICommunicator.check(
      unsafe MPI_Sendrecv(&mine, 1, MPI_INT64_T, partner, 0, &other, 1, MPI_INT64_T, partner, 0, channel, nil),
      "agreeing on a number of messages with rank \(partner)")
    return Int(min(mine, other))
  }
}
