import Kernels
public import Layers

/// The gradient of a network is shortened to at most `norm` before each update: `g ← g · min(1, norm / ‖g‖)`.
///
/// ‖g‖ is the norm over all parameters of the network, added in Double over fixed blocks by a fixed tree, so its bits do not depend on the
/// ranks.
/// - Source: Pascanu, Mikolov, Bengio 2013, "On the difficulty of training Recurrent Neural Networks", algorithm 1.
///   https://arxiv.org/abs/1211.5063
public struct GradientClipping: Constraint {
  public static let card = EntryCard(
    name: "gradient-clipping", summary: "the gradient of a network is shortened to a largest norm before each update",
    formula: "g <- g * min(1, norm / |g|), |g| over all parameters of the network",
    paper: "Pascanu, Mikolov, Bengio 2013, On the difficulty of training RNNs, algorithm 1", link: "https://arxiv.org/abs/1211.5063")
  /// Largest norm of the gradient.
  public var norm: Float = 1
  public var on = NetworkChoice.both

  /// A norm of 1, on both networks.
  public init() {}

  public static var fields: [OptionField<Self>] { [.value("norm", \.norm, "largest norm of the gradient", in: 1e-6...1e6)] }

  public func beforeUpdate(of store: ParameterStore) {
    guard let gradient = store.gradientValues else { return }
    // All shares are there: an update begins behind a barrier. None may be shortened before all processes have measured the whole.
    let length = unsafe Kernels.sumOfSquares(gradient.pointer, gradient.count).squareRoot()
    store.barrier()
    guard length > Double(norm) else { return }
    let own = unsafe gradient.pointer + store.share.lowerBound
    unsafe Kernels.affine(own, scale: Float(Double(norm) / length), offset: 0, own, store.share.count)
  }
}
