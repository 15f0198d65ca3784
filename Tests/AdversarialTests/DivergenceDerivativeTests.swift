import Layers
import Sharding
import Tensors
import TestSupport
import Testing

@testable import Adversarial

/// Gradients of every divergence through a small critic, at its parameters and at the images, by replay in Double.
@Suite struct DivergenceDerivativeTests {
  /// A critic with a convolution, batch norm, a smooth rectifier, and dense layers; its weights are inputs, so that all are differentiated.
  private struct SmallCritic {
    static let shapes = [[3, 3, 2, 3], [12, 4], [4, 1]]

    let weights: [Tensor]

    func features(_ images: Tensor) -> Tensor {
      let (normal, _) = images.convolved(with: weights[0]).standardized(epsilon: 1e-3)
      return normal.softplus().reshaped([images.shape[0], -1]).rowProduct(weights[1]).hyperbolicTangent()
    }

    func output(_ images: Tensor, for reading: CriticReading) -> Tensor {
      let features = features(images)
      switch reading {
      case .features: return features
      case .logits: return features.rowProduct(weights[2])
      case .energy: return features.rowProduct(weights[2]).squared()
      }
    }
  }

  private static func inputs() -> [Tensor] {
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 5, shardCount: 3)))
    return SmallCritic.shapes.enumerated().map { Samples.normal($1, $0) * 0.7 }
      + [Samples.normal([5, 2, 2, 2], 12, layout: layout), Samples.normal([5, 2, 2, 2], 13, layout: layout) * 0.8 + 0.3]
  }

  @Test(arguments: DivergenceForms.all)
  func `first and second derivatives agree with central differences of the replay`(_ form: String) throws {
    let loss = try divergences.parse(form)
    let store = ParameterStore(name: "critic")
    let state = GameState(loss.state, in: Scope(store))
    store.allocate(seed: 1)
    for player in ["critic", "generator"] {
      let report = checkDerivatives(at: Self.inputs(), coordinates: 12) { x in
        // A divergence with a state changes it, and a check runs the function more than once.
        for entry in loss.state { state[entry.name] = Tensor(repeating: 0.4, shape: entry.shape) }
        let critic = SmallCritic(weights: Array(x[..<3]))
        let (real, fake) = (critic.output(x[3], for: loss.input), critic.output(x[4], for: loss.input))
        return player == "critic"
          ? loss.criticLoss(real: real, fake: fake, state) : loss.generatorLoss(real: loss.generatorNeedsReal ? real : nil, fake: fake)
      }
      #expect(report.isWithinTolerance, "\(form), \(player): \(report.summary)")
      print("\(form), \(player): \(report.summary.prefix { !$0.isNewline })")
    }
  }
}
