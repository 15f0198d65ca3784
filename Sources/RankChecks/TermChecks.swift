import Adversarial
import Layers
import Sharding
import Tensors
import TestSupport

/// Every term on a sharded batch: losses, gradients and states have the same bits on any number of ranks.
enum TermChecks {
  /// Every form on every cut of the batch.
  static var checks: [BitCheck] {
    (TermForms.all + TermForms.ofWitnesses).flatMap { form in
      DrawnBatch.plans.map { plan in
        BitCheck(name: "\(form), batch \(plan.batch) in \(plan.shardCount) shards") { ranks in
          try numbers(TermGame(form), DrawnBatch(ranks, plan))
        }
      }
    }
  }

  /// A step of the game: both losses, their gradients, and what they leave in buffers.
  private static func numbers(_ game: TermGame, _ batch: DrawnBatch) throws -> [Numbers] {
    let images = batch.rows([8, 8, 3], 1).hyperbolicTangent()
    return game.game.phases.flatMap { phase in
      let store = phase.network.store
      let loss = store.gradient { phase.loss(game.context(phase, images: images, layout: batch.layout)) }
      phase.network.update(step: 0)
      return [Numbers("\(phase.name)'s loss", loss)] + Numbers.arrays("gradient of", store.parameters, store.gradientValues)
        + Numbers.arrays("buffer", store.buffers, store.bufferValues)
    }
  }
}
