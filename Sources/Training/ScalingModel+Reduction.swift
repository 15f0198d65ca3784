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
      /// That all pieces together wait for messages.
      var latency: Double

      var all: Double { local + between }
    }

    /// `⌈log₂ nodes⌉`.
    static func rounds(_ nodes: Int) -> Int { nodes <= 1 ? 0 : Int.bitWidth - (nodes - 1).leadingZeroBitCount }

    /// Whether nodes sum by recursive halving: each brings one block, and they pair off.
    var halves: Bool { nodes & (nodes - 1) == 0 && blocks == 1 }

    func seconds(_ bytes: Double) -> Time {
      let cut = model.pieces(nodes)
      let size = Double(4 * cut.length)
      let pieces = max(1, (bytes / size).rounded(.up))
      let last = max(0, bytes - (pieces - 1) * size)
      let lastBetween = latency + onWire(last)
      let interval = max(onWire(size), (latency + onWire(size)) / Double(cut.depth))
      return Time(
        local: local(bytes), between: (pieces - 1) * interval + lastBetween, lastPiece: local(last) + lastBetween,
        lastPieceBetween: lastBetween, latency: latency)
    }

    private func local(_ bytes: Double) -> Double {
      if model.ranksPerNode * nodes == 1 { return 0 }
      let read = model.ranksPerNode * localBlocks
      return bytes * Double(read + 1) / model.memoryBandwidth
    }

    /// That a piece waits for its messages, whatever its size.
    private var latency: Double {
      if nodes == 1 { return 0 }
      let messages = !halves ? 2 : nodes == 2 ? 1 : 2 * Self.rounds(nodes)
      return Double(messages) * model.link.latency
    }

    /// That a piece of so many bytes keeps the link busy.
    private func onWire(_ bytes: Double) -> Double {
      if nodes == 1 { return 0 }
      let gaps = halves ? 0 : blocks * (nodes - 1) - 1 + nodes - 2
      let halfTrips = halves ? 2 : blocks + 1
      return Double(gaps) * model.link.gap + bytes * Double(halfTrips) * Double(nodes - 1) / Double(nodes) / model.link.bandwidth
    }
  }
}
