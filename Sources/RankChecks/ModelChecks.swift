import Adversarial
import Communication
import Kernels
import Layers
import Optimization
import Sharding
import Tensors
import Training
import Zoo

/// Checks that training has the same bits on these ranks as in one process, for every model and both optimizers.
@MainActor let modelChecks: [RankCheck] = zoo.entries.flatMap { entry in
  [(8, 8), (13, 8), (16, 11)].map { batch, shards in
    RankCheck(name: "\(entry.card.name), batch \(batch) in \(shards) shards: three steps have the bits of one process") { communicator in
      guard communicator.size <= shards else { return nil }
      let plan = ShardPlan(batch: batch, shardCount: shards)
      let alone = try TinyRun(entry, WholeBatch(plan: plan)).train(steps: 3)
      let together = try TinyRun(entry, CommunicatorGroup(communicator, plan: plan, capacity: 1 << 20)).train(steps: 3)
      guard alone.losses == together.losses else { return "losses \(together.losses), one process has \(alone.losses)" }
      return alone.hash == together.hash ? nil : "state \(hashText(together.hash)), one process has \(hashText(alone.hash))"
    }
  }
}

/// A small model of an entry of the zoo on drawn images, on any group.
private struct TinyRun {
  private let recipe: any Recipe
  private let layout: BatchLayout
  private let data = DataFormat(height: 32, width: 32, channels: 3, classes: 5)

  init(_ entry: ModelEntry, _ group: any BatchGroup) throws {
    var model = try entry.configured()
    for (name, value, _) in model.options where name.hasSuffix("channels") && Int(value) != nil { try model.set(name, to: "4") }
    if model.options.contains(where: { $0.name == "orthogonal" }) { try model.set("orthogonal", to: "0.001") }
    recipe = try model.build(data)
    layout = BatchLayout(group)
    for network in recipe.networks { network.store.allocate(seed: 1) }
  }

  func train(steps: Int) throws -> (losses: [Float], hash: UInt64) {
    var losses: [Float] = []
    for step in 0..<steps {
      for phase in recipe.phases {
        let shape = [layout.count, data.height, data.width, data.channels]
        let images = Tensor.uniform(shape, from: -1, to: 1, key: RandomKey(seed: 5, purpose: 1, step: UInt64(step)), layout: layout)
        let labels = Labels((0..<layout.count).map { Int32((layout.firstSample + $0) % 5) }, layout: layout)
        let context = StepContext(seed: 1, step: step, phase: phase.name, draw: 0, layout: layout, images: images, labels: labels)
        losses.append(phase.network.store.gradient { phase.loss(context) }.scalar)
        phase.network.optimizer.update(phase.network.store)
        phase.network.average?.update(step: step)
      }
    }
    return (losses, recipe.stateHash())
  }
}
