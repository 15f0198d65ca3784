public import Tensors

/// Each sample shifted and scaled to mean 0 and variance 1 over all its numbers, with a learned gain and bias for each channel of
/// `[batch, ..., channels]`.
///
/// Samples do not see each other, so a penalty on each sample's slope keeps its meaning.
/// - Source: Ba, Kiros, Hinton 2016, "Layer Normalization", eq. (3), https://arxiv.org/abs/1607.06450; gain and bias by channel as in
///   igul222/improved_wgan_training, tflib/ops/layernorm.py (ε 1e-5).
public struct LayerNorm {
  private let gain: Parameter
  private let bias: Parameter
  private let epsilon: Float
  private let path: String

  /// A layer norm in `scope`.
  public init(_ scope: Scope, channels: Int, epsilon: Float = 1e-5) {
    path = scope.path
    self.epsilon = epsilon
    gain = scope.parameter("gain", [channels], .ones)
    bias = scope.parameter("bias", [channels], .zeros)
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    named(path) {
      let axes = Array(1..<x.rank)
      let centred = x - x.mean(axes: axes, keepingAxes: true)
      let deviation = (centred.squared().mean(axes: axes, keepingAxes: true) + epsilon).squareRoot()
      return centred / deviation * gain.tensor + bias.tensor
    }
  }
}
