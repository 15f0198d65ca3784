public import Layers

/// Spectral norm on every weight of a network, or on none, whatever the model has.
/// - Source: Miyato et al. 2018, "Spectral Normalization for GANs", algorithm 1. https://arxiv.org/abs/1802.05957
public struct Spectral: Constraint {
  public static let card = EntryCard(
    name: "spectral", summary: "spectral norm on all weights of a network, or on none", formula: "W / s(W), s the largest singular value",
    paper: "Miyato et al. 2018, Spectral Normalization for GANs, algorithm 1", link: "https://arxiv.org/abs/1802.05957")
  /// Whether weights are divided by their largest singular value.
  public var enabled = true
  /// Smallest norm that power iteration divides by.
  public var epsilon: Float = 1e-6
  public var on = NetworkChoice.critic

  /// Spectral norm on the critic.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("enabled", \.enabled, "true: on every weight that is no table; false: on none"),
      .value("epsilon", \.epsilon, "smallest norm that power iteration divides by", in: 1e-12...10),
    ]
  }

  public var weights: WeightRule { enabled ? .spectral(.init(epsilon: epsilon)) : .plain }
}
