public import Layers

/// Every weight of a network by direction and length, `w = g · v / ‖v‖`, in place of spectral norm; tables of classes stay as they are.
///
/// g starts as ‖v‖, so the network starts as it would without.
/// - Source: Salimans, Kingma 2016, "Weight Normalization", eq. (2). https://arxiv.org/abs/1602.07868
public struct WeightNorm: Constraint {
  public static let card = EntryCard(
    name: "weight-norm", summary: "weights by direction and length, each learned, in place of spectral norm",
    formula: "w = g * v / |v| for each output, g and v learned", paper: "Salimans, Kingma 2016, Weight Normalization, eq. (2)",
    link: "https://arxiv.org/abs/1602.07868")
  public var on = NetworkChoice.critic

  /// Weight norm on the critic.
  public init() {}

  public var weights: WeightRule { .normalized }
}
