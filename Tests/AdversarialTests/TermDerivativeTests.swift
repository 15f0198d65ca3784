import Adversarial
import Layers
import Sharding
import Tensors
import TestSupport
import Testing

/// Parameter gradients of every term by replay in Double: penalties on slopes meet second derivatives of every layer kind.
@Suite struct TermDerivativeTests {
  /// What a phase's gradient should be, by central differences of its replayed graph.
  private struct Expected {
    let path: String
    let indices: [Int]
    let slopes: [Double]
  }

  private static func expected(_ game: TermGame, _ phase: Phase, _ images: Tensor, _ layout: BatchLayout) -> [Expected] {
    let store = phase.network.store
    var result: [Expected] = []
    Observation.observing(GraphKeeper()) {
      _ = store.gradient {
        let loss = phase.loss(game.context(phase, images: images, layout: layout))
        if loss.isTracked {
          let replay = Replay(of: loss)
          for (path, leaf) in store.namedParameters where replay.depends(on: leaf) {
            let indices = Array(stride(from: leaf.count / 7, to: leaf.count, by: max(1, leaf.count / 3)))
            result.append(Expected(path: path, indices: indices, slopes: replay.centralDifferences(at: leaf, indices: indices)))
          }
        }
        return loss
      }
    }
    return result
  }

  @Test(arguments: TermForms.all + TermForms.ofWitnesses)
  func `gradients of the critic and the generator agree with central differences of the replay`(_ form: String) throws {
    let game = try TermGame(form)
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 3, shardCount: 2)))
    let images = Samples.normal([3, 8, 8, 3], 2, layout: layout).hyperbolicTangent()
    // The change of z is small, and what comes of it is a difference of nearly equal numbers; so is what two means of kernels of width 1 say
    // of two images.
    let tolerance = (["latent-consistency", "consistency with mmd"].contains(form) ? 10 : 1) * DerivativeReport.secondOrderTolerance
    var (compared, largest) = (0, 0.0)
    for phase in game.game.phases {
      let expected = Self.expected(game, phase, images, layout)
      let store = phase.network.store
      let flat = try #require(store.gradientValues)
      // Of the whole gradient: a parameter whose slope is small beside the others' is known to the others' rounding only.
      let scale = (expected.flatMap(\.slopes).map { $0 * $0 }.reduce(0, +) / Double(max(expected.count, 1))).squareRoot()
      for wanted in expected {
        let entry = try #require(store.parameters.first { $0.path == wanted.path })
        let found = wanted.indices.map { unsafe Double(flat.pointer[entry.offset + $0]) }
        let norm = wanted.slopes.map { $0 * $0 }.reduce(0, +).squareRoot()
        let error = zip(found, wanted.slopes).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot() / max(norm, 0.01 * scale, 1e-6)
        #expect(error < tolerance, "\(form), \(wanted.path): \(found), replay \(wanted.slopes)")
        if norm > 0 { compared += 1 }
        largest = max(largest, error)
      }
    }
    #expect(compared > 1, "\(form): the losses depend on \(compared) parameters, so next to nothing was checked")
    print("\(form): \(compared) parameters, largest error \(largest)")
  }

  @Test(arguments: TermForms.all + TermForms.ofWitnesses) func `every term can be planned without numbers`(_ form: String) throws {
    let game = try TermGame(form, isPlanned: true)
    let layout = BatchLayout(WholeBatch(plan: ShardPlan(batch: 3, shardCount: 2)))
    for phase in game.game.phases {
      let images = Tensor.abstract(phase.needsData ? [3, 8, 8, 3] : [0], layout: phase.needsData ? layout : nil)
      let value = phase.network.store.gradient { phase.loss(game.context(phase, images: images, layout: layout)) }
      #expect(value.shape.isEmpty, "\(form), \(phase.name)")
    }
  }

  @Test func `every term is among the forms that are checked, and so is every option of it`() throws {
    let forms = try TermForms.all.map(terms.parse)
    for entry in terms.entries {
      let own = forms.filter { $0.card.name == entry.card.name }
      #expect(!own.isEmpty, "\(entry.card.name) has no form")
      for (name, value, _) in entry.settings where name != "every" {
        let others = own.filter { form in form.settings.contains { $0.name == name && $0.value != value } }
        #expect(!others.isEmpty, "no form has another \(entry.card.name):\(name) than \(value)")
      }
    }
    #expect(Set(forms.map(\.text)).count == forms.count, "two forms are the same")
  }
}
