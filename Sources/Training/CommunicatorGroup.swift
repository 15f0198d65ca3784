public import Communication
import Glibc
public import Sharding
public import Tensors

/// The ranks of a run as the group that shares the batch.
///
/// A sum that fails cannot be repaired inside a layer: the rank says where it stands and ends the whole job, so that none waits for it.
public final class CommunicatorGroup: BatchGroup {
  public let plan: ShardPlan
  public let ownedShards: Range<Int>
  /// The step at work, for messages.
  public var step = 0
  /// Seconds of each sum whose result the next operation waits for, while `recordsWaits`.
  private var smallSums: [Double] = []
  private let communicator: any Communicator
  private let carrier: LongSums?
  private let pool: PartialsPool?

  /// The group of all ranks of `communicator`.
  /// - Parameters:
  ///   - communicator: the ranks.
  ///   - plan: how the batch is cut.
  ///   - capacity: floats of the longest gradient.
  ///   - reduction: how gradients cross the ranks.
  ///   - wire: in what form they travel between hosts.
  ///   - lending: whether partial sums are made where the ranks of a host read them, as far as there is room, rather than copied.
  /// - Precondition: at most as many ranks as shards.
  public init(
    _ communicator: any Communicator, plan: ShardPlan, capacity: Int, reduction: Reduction = .overlapped, wire: WireFormat = .float32,
    lending: Bool = true
  ) throws {
    self.communicator = communicator
    self.plan = plan
    ownedShards = plan.shards(ofRank: communicator.rank, of: communicator.size)
    let carrier = try communicator.longSums(plan, capacity: capacity, by: reduction, wire: wire, lending: lending)
    self.carrier = carrier
    pool = carrier.flatMap { carrier in
      unsafe carrier.lentMemory.map { memory in
        // A host without room is no failure: sums are copied then.
        unsafe PartialsPool(memory, shortest: carrier.longestCopied) { count in (try? carrier.reserve(lent: count)) != nil }
      }
    }
  }

  /// Seconds spent on long sums so far.
  public var times: LongSums.Times { carrier?.times ?? LongSums.Times() }

  /// Whether each wait is kept; when it is set all before are forgotten.
  public var recordsWaits = false {
    didSet {
      carrier?.recordsWaits = recordsWaits
      smallSums = []
    }
  }

  /// The waits since `recordsWaits` was set.
  public var waits: Waits { Waits(pieces: carrier?.recordedWaits ?? [], smallSums: smallSums) }

  public func sum(_ partials: UnsafeMutablePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>) {
    let start = recordsWaits ? ContinuousClock.now : nil
    orAbort { try unsafe communicator.sumTree(partials, count: count, plan: plan, into: result) }
    if let start { smallSums.append(start.duration(to: .now) / .seconds(1)) }
  }

  public func send(_ partials: UnsafePointer<Float>, count: Int) -> Range<Int> {
    orAbort { try unsafe sums().send(partials, count: count) }
  }

  public func send(_ partials: UnsafePointer<Float>, count: Int, keeping owner: AnyObject) -> Range<Int> {
    orAbort { try unsafe sums().send(partials, count: count, keeping: owner) }
  }

  public func partialsPool() -> PartialsPool? {
    // What all have read is lent anew.
    carrier?.release()
    return pool
  }

  public func flushLongSums() { orAbort { try sums().flush() } }

  public func longSums() -> UnsafePointer<Float> { unsafe orAbort { try unsafe sums().results() } }

  public func longSums(at places: Range<Int>) -> UnsafePointer<Float> { unsafe orAbort { try unsafe sums().results(at: places) } }

  public func forgetLongSums(count: Int) { sums().forget(count) }

  private func sums() -> LongSums {
    guard let carrier else { preconditionFailure("CommunicatorGroup: one rank has nothing to send") }
    return carrier
  }

  private func orAbort<R>(_ body: () throws -> R) -> R {
    do {
      return try body()
    } catch {
      communicator.abort(saying: error, "step \(step)")
    }
  }
}

extension Communicator {
  /// Ends all ranks after an error that one of them cannot go on from.
  func abort(saying error: any Error, _ place: String) -> Never {
    let text = "rank \(rank) on \(hostName) at \(place): \(error)\n"
    _ = unsafe text.withCString { unsafe write(STDERR_FILENO, $0, strlen($0)) }
    abort(ExitCode.internalError.rawValue)
  }
}
