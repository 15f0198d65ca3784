import Communication
import Kernels
import Sharding
import Tensors
import Training

/// The ranks of a computation, with one group for each way to cut a batch: a group owns a thread and memory that its ranks share.
final class Ranks {
  /// The ranks.
  let communicator: any Communicator
  private var groups: [CommunicatorGroup] = []

  /// These ranks; `SingleProcess` makes one process with the whole batch.
  init(_ communicator: any Communicator) { self.communicator = communicator }

  /// The group that shares the batch of `plan`.
  func group(_ plan: ShardPlan) throws -> CommunicatorGroup {
    if let known = groups.first(where: { $0.plan == plan }) { return known }
    groups.append(try CommunicatorGroup(communicator, plan: plan, capacity: 1 << 20))
    return groups[groups.count - 1]
  }
}

/// A batch cut into shards, as one rank sees it, and inputs that depend on nothing but the global sample.
struct DrawnBatch {
  /// Batches of which no part divides evenly, and one of a sample in each shard.
  static let plans = [(8, 8), (11, 8), (13, 11)].map { ShardPlan(batch: $0, shardCount: $1) }

  /// Shards of the local rows.
  let layout: BatchLayout

  /// The rows of `plan` that this rank owns.
  init(_ ranks: Ranks, _ plan: ShardPlan) throws { layout = BatchLayout(try ranks.group(plan)) }

  private func key(_ stream: Int) -> RandomKey { RandomKey(seed: 21, purpose: UInt64(stream), step: 0) }

  /// Normal numbers, one row of shape `sample` for each local sample.
  func rows(_ sample: [Int], _ stream: Int = 0) -> Tensor {
    Tensor.normal([layout.count] + sample, key: key(stream), layout: layout)
  }

  /// Numbers from 0.5 to 2, one row for each local sample.
  func positive(_ sample: [Int], _ stream: Int = 0) -> Tensor {
    Tensor.uniform([layout.count] + sample, from: 0.5, to: 2, key: key(stream), layout: layout)
  }

  /// Normal numbers that every rank holds.
  func shared(_ shape: [Int], _ stream: Int = 100) -> Tensor { Tensor.normal(shape, key: key(stream)) }

  /// A class for each local sample; some come more often than others.
  func classes(_ count: Int) -> [Int32] {
    (0..<layout.count).map { row in
      let sample = layout.firstSample + row
      return Int32(sample * sample % count)
    }
  }
}
