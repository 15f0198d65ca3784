import Communication
import Sharding
import Tensors
import TestSupport

/// One application of a primitive to a sharded batch.
struct PrimitiveForm {
  let name: String
  let inputs: (DrawnBatch) -> [Tensor]
  let function: ([Tensor]) -> Tensor

  init(_ name: String, _ inputs: @escaping (DrawnBatch) -> [Tensor], _ function: @escaping ([Tensor]) -> Tensor) {
    self.name = name
    self.inputs = inputs
    self.function = function
  }

  /// The result, the gradients of `s = Σ y + y²/2` at the inputs, and those of `Σ ‖∂s/∂x‖²`: the last come from the recorded, plain
  /// forms of the adjoints, and of linear primitives too they depend on the input.
  func numbers(_ batch: DrawnBatch) -> [Numbers] {
    func scalar(_ inputs: [Tensor]) -> (Tensor, Tensor) {
      let y = function(inputs)
      return (y, (y + y.squared() * 0.5).sum())
    }
    var leaves = inputs(batch).map { $0.asLeaf() }
    let (y, s) = scalar(leaves)
    var result = [Numbers("result", y.detached), Numbers("sum", s.detached)]
    result += gradients(of: s, at: leaves).enumerated().compactMap { index, x in x.map { Numbers("gradient of input \(index)", $0) } }
    leaves = inputs(batch).map { $0.asLeaf() }
    let slopes = recordedGradients(of: scalar(leaves).1, at: leaves).compactMap(\.self)
    guard let first = slopes.first else { return result }
    let penalty = slopes.dropFirst().reduce(first.squared().sum()) { $0 + $1.squared().sum() }
    result += gradients(of: penalty, at: leaves).enumerated().compactMap { index, x in
      x.map { Numbers("gradient of the squared slopes at input \(index)", $0) }
    }
    return result
  }

  /// Every form on every batch.
  static var checks: [BitCheck] { checks(all) }

  /// Some forms on every batch.
  static func checks(_ forms: [PrimitiveForm]) -> [BitCheck] {
    forms.flatMap { form in
      DrawnBatch.plans.map { plan in
        BitCheck(name: "\(form.name), batch \(plan.batch) in \(plan.shardCount) shards") { form.numbers(try DrawnBatch($0, plan)) }
      }
    }
  }

  /// That no primitive is left out: the forms and their adjoints run every one of them.
  static var coverage: RankCheck {
    RankCheck(name: "every primitive is among the forms") { _ in
      let tally = PrimitiveTally()
      // In this process alone: all ranks see the same types.
      let batch = try DrawnBatch(Ranks(SingleProcess()), ShardPlan(batch: 3, shardCount: 2))
      Observation.observing(tally) {
        for form in all { _ = form.numbers(batch) }
      }
      let missing = PrimitiveCatalog.all.map { "\($0)" }.filter { !tally.seen.contains($0) }
      return missing.isEmpty ? nil : "no form of \(missing.joined(separator: ", "))"
    }
  }
}

/// Names of the primitives that ran.
private final class PrimitiveTally: PrimitiveObserver {
  private(set) var seen: Set<String> = []
  func didRun(_ primitive: any Primitive, _ inputs: [Tensor], _ output: Tensor) { seen.insert("\(type(of: primitive))") }
}
