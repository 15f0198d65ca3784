public import Communication

/// Seconds that a rank waited at each point where the ranks meet, in order: the same points on all ranks.
public struct Waits: Sendable, Equatable {
  /// For each piece of a gradient.
  public var pieces: [Double]
  /// For each sum whose result the next operation needs.
  public var smallSums: [Double]

  /// What these waits are made of. Who comes early waits for the slowest rank, which itself waits for messages alone: what all waited is
  /// communication, the rest the work of others. Where a message takes longer than ranks are out of step, they may take turns in waiting:
  /// then this is less than what messages cost.
  public struct Parts: Sendable, Equatable {
    /// Seconds that all ranks waited for gradients.
    public var gradients = 0.0
    /// Seconds that all ranks waited for small sums.
    public var smallSums = 0.0
    /// Seconds that this rank waited beyond that.
    public var slowerRanks = 0.0

    static func / (parts: Self, steps: Double) -> Self {
      Self(gradients: parts.gradients / steps, smallSums: parts.smallSums / steps, slowerRanks: parts.slowerRanks / steps)
    }
  }

  /// Takes the waits of all ranks apart; all call this together.
  /// - Throws: `CommunicationError` when a message fails.
  public func parts(over communicator: any Communicator) throws -> Parts {
    Self.parts(own: self, least: (try Self.least(of: pieces, communicator), try Self.least(of: smallSums, communicator)))
  }

  static func parts(own: Waits, least: (pieces: [Double], smallSums: [Double])) -> Parts {
    var parts = Parts()
    (parts.gradients, parts.smallSums) = (least.pieces.reduce(0, +), least.smallSums.reduce(0, +))
    parts.slowerRanks = (own.pieces + own.smallSums).reduce(0, +) - parts.gradients - parts.smallSums
    return parts
  }

  /// The smallest number of any rank at each place.
  private static func least(of own: [Double], _ communicator: any Communicator) throws -> [Double] {
    let words = own.flatMap { unsafe withUnsafeBytes(of: $0.bitPattern.littleEndian) { unsafe Array($0) } }
    return try unsafe words.withUnsafeBytes { try unsafe communicator.allGather($0) }.map(Self.numbers).reduce(own) { zip($0, $1).map(min) }
  }

  private static func numbers(_ bytes: [UInt8]) -> [Double] {
    stride(from: 0, to: bytes.count, by: 8).map { first in
      Double(bitPattern: (0..<8).reduce(0) { $0 | UInt64(bytes[first + $1]) << UInt64(8 * $1) })
    }
  }
}
