import Layers
public import Tensors

/// A penalty on weights, `λ/2 · Σ ‖W‖²` over those with two or more axes: matrices, kernels and tables, not gains and biases.
///
/// Its gradient λW goes through the optimizer; `--optimizer adamw` has the decoupled form.
/// - Source: Krogh, Hertz 1991, "A Simple Weight Decay Can Improve Generalization".
///   https://proceedings.neurips.cc/paper/1991/hash/8eefcfdf5990e441f0fb6f3fad709e21-Abstract.html
public struct WeightDecay: Term {
  public static let card = EntryCard(
    name: "weight-decay", summary: "a penalty on the squares of weights", formula: "strength / 2 * sum over W of |W|^2",
    paper: "Krogh, Hertz 1991, A Simple Weight Decay Can Improve Generalization",
    link: "https://proceedings.neurips.cc/paper/1991/hash/8eefcfdf5990e441f0fb6f3fad709e21-Abstract.html")
  /// Weight λ.
  public var strength: Float = 1e-5
  /// Whose weights.
  public var on = NetworkChoice.critic
  public var every = 1

  /// A weight of 1e-5, on the critic.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("strength", \.strength, "weight of the penalty", in: 0...1e6),
      .value("on", \.on, "which networks: critic, generator or both"),
    ]
  }

  public func critic(_ step: GameStep) -> Tensor? { on.includes(.critic) ? penalty(step.critic) : nil }
  public func generator(_ step: GameStep) -> Tensor? { on.includes(.generator) ? penalty(step.generator) : nil }

  /// The penalty of the parameters of `store`, a scalar that is the same on every rank.
  private func penalty(_ store: ParameterStore) -> Tensor {
    // Several parts of a batch share one penalty.
    store.remembering("weight decay \(strength)") {
      var sum = Tensor(0)
      for (_, weight) in store.namedParameters where weight.rank >= 2 { sum = sum + weight.squared().sum() }
      return sum * (strength / 2)
    }
  }
}
