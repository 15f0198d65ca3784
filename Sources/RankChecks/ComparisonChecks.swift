import Communication
import Sharding
import Tensors

/// That the comparison sees what it is there for, and says where.
extension Numbers {
  static var checks: [RankCheck] {
    let plan = ShardPlan(batch: 11, shardCount: 8)
    /// Two results of a rank, the second with element `changed` of the last owned shard off by one bit.
    func results(_ communicator: any Communicator, changed: Int? = nil, scale: Float = 1) throws -> [Numbers] {
      let batch = try DrawnBatch(Ranks(communicator), plan)
      let x = batch.rows([3]) * scale
      var values = x.values
      let rows = batch.layout.rows.segments.last?.first ?? 0..<0
      if let changed { values[rows.lowerBound * 3 + changed] = values[rows.lowerBound * 3 + changed].nextUp }
      return [Numbers("x", x), Numbers("changed x", Tensor(rows: values, shape: x.shape, layout: batch.layout))]
    }
    func message(_ numbers: [Numbers]) -> [[[UInt32]]] {
      decoded(encoded(numbers).flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } })
    }
    return [
      RankCheck(name: "equal numbers pass") { try difference(of: results($0), from: message(results(SingleProcess()))) },
      RankCheck(name: "one changed bit is found and named") { communicator in
        let last = plan.shards(ofRank: communicator.rank, of: communicator.size).upperBound - 1
        let text = try difference(of: results(communicator, changed: 2), from: message(results(SingleProcess())))
        return text?.hasPrefix("changed x, shard \(last), element 2: ") == true ? nil : "found \(text ?? "no difference")"
      },
      RankCheck(name: "results that prove nothing are refused") { communicator in
        let zero = try difference(of: results(communicator, scale: 0), from: message(results(SingleProcess(), scale: 0)))
        let infinite = try difference(
          of: results(communicator, scale: .infinity), from: message(results(SingleProcess(), scale: .infinity)))
        return zero != nil && infinite != nil ? nil : "zeros: \(zero ?? "passed"); infinities: \(infinite ?? "passed")"
      },
    ]
  }
}
