import Tensors

/// A weight by direction and length: `w = g · v / ‖v‖` for each output, with g learned beside v.
///
/// `gain` starts as ‖v‖, so the network starts as it would without (the paper sets g, and a bias, from a first batch instead). The norm is
/// taken over all axes but that of the outputs.
/// - Source: Salimans, Kingma 2016, "Weight Normalization", eq. (2). https://arxiv.org/abs/1602.07868
struct WeightNorm: WeightTransformation {
  let path: String
  private let gain: Parameter
  private let axis: Int

  /// A gain for each index of `axis` of a weight of `shape`.
  init(_ scope: Scope, weight: Parameter, shape: [Int], axis: Int) {
    path = scope.path
    self.axis = axis
    gain = scope.parameter("gain", [shape[axis]], .ones)
    let own = self
    scope.store.afterDrawing { own.gain.set(own.lengths(weight.tensor).reshaped([shape[axis]])) }
  }

  func callAsFunction(_ weight: Tensor, _ mode: Mode) -> Tensor {
    let lengths = lengths(weight)
    return weight * (gain.tensor.reshaped(lengths.shape) / lengths)
  }

  /// `√(‖v‖² + 1e-12)` of each output, 1 on all other axes; the small number keeps a weight of zeros finite.
  private func lengths(_ weight: Tensor) -> Tensor {
    (weight.squared().sum(axes: weight.shape.indices.filter { $0 != axis }, keepingAxes: true) + 1e-12).squareRoot()
  }
}
