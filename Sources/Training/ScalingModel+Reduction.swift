import Communication

extension ScalingModel {
  /// The time of summing one gradient over all ranks; formulas in `ScalingModel`.
  struct Reduction {
    let model: ScalingModel
    let nodes: Int
    /// Partial blocks of a node, and of a rank.
    let blocks: Int
    let localBlocks: Int

    /// Seconds of a reduction.
    struct Time {
      /// On the nodes.
      var local: Double
      /// Between them.
      var between: Double
      /// Of the last piece: both, and between the nodes only.
      var lastPiece: Double
      var lastPieceBetween: Double

      var all: Double { local + between }
    }

    /// `⌈log₂ nodes⌉`.
    static func rounds(_ nodes: Int) -> Int { nodes <= 1 ? 0 : Int.bitWidth - (nodes - 1).leadingZeroBitCount }

    /// Whether nodes sum by recursive halving: each brings one block, and they pair off.
    var halves: Bool { nodes & (nodes - 1) == 0 && blocks == 1 }

    func seconds(_ bytes: Double) -> Time {
      let size = Double(model.pieceBytes(nodes))
      let pieces = max(1, (bytes / size).rounded(.up))
      let last = max(0, bytes - (pieces - 1) * size)
      return Time(
        local: local(bytes), between: latency * pieces + bytes * perByte, lastPiece: local(last) + latency + last * perByte,
        lastPieceBetween: latency + last * perByte)
    }

    private func local(_ bytes: Double) -> Double {
      if model.ranksPerNode * nodes == 1 { return 0 }
      let read = model.ranksPerNode * localBlocks
      return bytes * Double(read + 1) / model.memoryBandwidth
    }

    /// Of one piece, whatever its size.
    private var latency: Double {
      if nodes == 1 { return 0 }
      let link = model.link
      if halves { return 2 * Double(Self.rounds(nodes)) * link.latency }
      return 2 * link.latency + Double(blocks * (nodes - 1) - 1 + nodes - 2) * link.gap
    }

    private var perByte: Double {
      if nodes == 1 { return 0 }
      let halfTrips = halves ? 2 : blocks + 1
      return Double(halfTrips) * Double(nodes - 1) / Double(nodes) / model.link.bandwidth
    }
  }
}
