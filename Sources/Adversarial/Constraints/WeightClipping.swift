import Kernels
public import Layers

/// Every parameter is clipped to `[-bound, bound]` after each update.
/// - Source: Arjovsky, Chintala, Bottou 2017, "Wasserstein GAN", algorithm 1, c = 0.01. https://arxiv.org/abs/1701.07875
public struct WeightClipping: Constraint {
  public static let card = EntryCard(
    name: "weight-clipping", summary: "parameters are clipped after each update; WGAN's critic",
    formula: "w <- min(max(w, -bound), bound)", paper: "Arjovsky, Chintala, Bottou 2017, Wasserstein GAN, algorithm 1",
    link: "https://arxiv.org/abs/1701.07875")
  /// Largest magnitude of a parameter.
  public var bound: Float = 0.01
  public var on = NetworkChoice.critic

  /// The paper's bound, on the critic.
  public init() {}

  public static var fields: [OptionField<Self>] { [.value("bound", \.bound, "largest magnitude of a parameter", in: 1e-6...1000)] }

  public func afterUpdate(of store: ParameterStore) {
    guard let values = store.values else { return }
    let own = unsafe values.pointer + store.share.lowerBound
    unsafe Kernels.clamp(own, low: -bound, high: bound, own, store.share.count)
  }
}
