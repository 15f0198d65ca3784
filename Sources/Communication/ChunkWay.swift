/// A piece of a stream of long sums.
struct SumChunk: Sendable {
  /// Number of the piece, from 1.
  let number: Int
  /// Where its first sum goes among the results.
  let position: Int
  /// Number of sums.
  let count: Int
}

/// Memory that pieces go through, and who adds them.
protocol ChunkWay: AnyObject {
  /// Floats of the longest piece of one node.
  var chunk: Int { get }
  /// Pieces that can be copied and under way.
  var slots: Int { get }
  /// Pieces that can be under way.
  var places: Int { get }
  /// Sums of this many floats or more are pieces of their own, shorter ones share a piece.
  var longestShared: Int { get }
  /// Blocks that this rank brings for each piece.
  var blocks: Int { get }
  /// The sums, each where `SumChunk.position` says.
  var results: UnsafeMutablePointer<Float> { get }
  /// Memory in which the other ranks of the host read this rank's partial sums where they are; nil where they must be copied.
  var lentMemory: UnsafeMutableBufferPointer<Float>? { get }
  /// Room for one block of a whole piece for each of `blocks`, `chunk` floats apart.
  func staging(_ slot: Int) -> UnsafeMutablePointer<Float>
  /// Makes sure that `count` results have memory.
  func reserve(results count: Int) throws
  /// Makes sure that the first `count` floats that can be lent have memory.
  func reserve(lent count: Int) throws
  /// Tells the other ranks that this rank's blocks of a piece are at `partials`, `stride` floats apart.
  func publish(_ number: Int, at partials: UnsafePointer<Float>, stride: Int)
  /// Whether the blocks of all ranks of this host are there.
  func isPublished(_ number: Int) -> Bool
  /// Whether a piece that was begun waits for messages, rather than being summed at once.
  var waitsForMessages: Bool { get }
  /// How the sender waits.
  var patience: Patience { get }
  /// Waits until the blocks of all ranks of this host are there, or until there is no hope of it.
  func waitUntilPublished(_ number: Int, _ patience: Patience, unless isHopeless: () -> Bool)
  /// Waits until all sums of a piece are among the results and its blocks are read, or until there is no hope of it.
  func waitUntilSummed(_ number: Int, _ patience: Patience, unless isHopeless: () -> Bool)
  /// Pieces that may have been begun and not be summed.
  var depth: Int { get }
  /// Pieces that may be when the sender waits for them: no sum that cannot wait comes behind these.
  var greatestDepth: Int { get }
  /// Seconds between two looks at what is under way.
  var pause: Double { get }
  /// Begins to add a piece over the ranks, once it is published; called for one piece after the other.
  func begin(_ chunk: SumChunk) throws
  /// Carries on with what was begun, as far as messages have come.
  /// - Returns: the number of pieces that are still under way.
  func advance() throws -> Int
  /// Whether all sums of a piece are among the results, and its blocks are read.
  func isSummed(_ number: Int) -> Bool
}

/// Where nobody rings, one looks from time to time.
extension ChunkWay {
  var waitsForMessages: Bool { true }
  var patience: Patience { .alone }

  func waitUntilPublished(_ number: Int, _ patience: Patience, unless isHopeless: () -> Bool) {
    Patience.wait { isPublished(number) || isHopeless() }
  }

  func waitUntilSummed(_ number: Int, _ patience: Patience, unless isHopeless: () -> Bool) {
    Patience.wait { isSummed(number) || isHopeless() }
  }
}

/// Pieces that were begun and wait for messages, in order.
struct MovingChunks {
  private var chunks: [(number: Int, sum: MessageSum)] = []

  /// Takes a piece that was begun.
  mutating func append(_ number: Int, _ sum: MessageSum) { chunks.append((number, sum)) }

  /// Carries on with all that can get further.
  /// - Returns: the number of the last piece that is summed with all before it, if there is a new one, and how many are under way.
  mutating func advance() throws -> (last: Int?, left: Int) {
    var count = 0
    var isFirst = true
    for chunk in chunks where isFirst || !chunk.sum.isInLastRound {
      let isThere = try chunk.sum.advance()
      // Behind a piece that is not summed none counts. Those that wait for their last messages are not asked, each of which would look
      // anew what has come.
      if isFirst && isThere { count += 1 } else { isFirst = false }
    }
    let last = count > 0 ? chunks[count - 1].number : nil
    chunks.removeFirst(count)
    return (last, chunks.count)
  }
}
