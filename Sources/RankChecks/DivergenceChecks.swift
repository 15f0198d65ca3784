import Adversarial
import Layers
import Sharding
import Tensors
import TestSupport

/// Every divergence on a sharded batch: losses and slopes have the same bits on any number of ranks.
enum DivergenceChecks {
  /// Every form on every cut of the batch.
  static var checks: [BitCheck] {
    DivergenceForms.all.flatMap { form in
      DrawnBatch.plans.map { plan in
        BitCheck(name: "\(form), batch \(plan.batch) in \(plan.shardCount) shards") { ranks in
          try numbers(divergences.parse(form), DrawnBatch(ranks, plan))
        }
      }
    }
  }

  /// Both losses, with their slopes at a critic's weight and at its outputs.
  private static func numbers(_ loss: any Divergence, _ batch: DrawnBatch) -> [Numbers] {
    let store = ParameterStore(name: "critic")
    let state = GameState(loss.state, in: Scope(store))
    store.allocate(seed: 1)
    for entry in loss.state { state[entry.name] = Tensor(repeating: 0.4, shape: entry.shape) }
    let losses = ["critic", "generator"].flatMap { player in
      let leaves = [batch.shared([6, loss.input == .features ? 4 : 1]), batch.rows([6], 1), batch.rows([6], 2)].map { $0.asLeaf() }
      func output(_ rows: Tensor) -> Tensor {
        let y = rows.rowProduct(leaves[0])
        return loss.input == .energy ? y.squared() : y
      }
      let (real, fake) = (output(leaves[1]), output(leaves[2] * 0.8 + 0.3))
      let value = player == "critic" ? loss.criticLoss(real: real, fake: fake, state) : loss.generatorLoss(real: real, fake: fake)
      return [Numbers("\(player)'s loss", value.detached)]
        + gradients(of: value, at: leaves).enumerated().compactMap { index, slope in
          slope.map { Numbers("slope of the \(player)'s loss at input \(index)", $0) }
        }
    }
    return losses + loss.state.map { Numbers($0.name, state[$0.name]) }
  }
}
