public import Tensors

/// Self-attention over the pixels of `[batch, height, width, channels]`.
///
/// `y = x + γ · o(softmax(θ(x) φ(x)ᵀ) g(x))`: 1x1 convolutions without bias, θ and φ to `channels / 8`, g to `channels / 2`; keys φ and
/// values g are 2x2 maximum-pooled; γ starts at 0. No matrix of pixels by keys is held unless the gradient is itself recorded.
/// - Source: Zhang et al. 2019, "Self-Attention GANs", section 3; pooling and widths as in the authors' code (brain-research/self-attention-gan,
///   non_local.py). https://arxiv.org/abs/1805.08318
public struct SelfAttention {
  private let query: Convolution2D
  private let key: Convolution2D
  private let value: Convolution2D
  private let output: Convolution2D
  private let gain: Parameter
  private let path: String

  /// An attention layer in `scope`.
  public init(_ scope: Scope, channels: Int, initializer: Initializer, spectral: SpectralNorm.Settings?) {
    precondition(channels >= 8, "\(scope.path): attention needs at least 8 channels, found \(channels)")
    path = scope.path
    func map(_ name: String, _ inputs: Int, _ outputs: Int) -> Convolution2D {
      Convolution2D(scope[name], from: inputs, to: outputs, kernel: 1, bias: false, initializer: initializer, spectral: spectral)
    }
    query = map("query", channels, channels / 8)
    key = map("key", channels, channels / 8)
    value = map("value", channels, channels / 2)
    output = map("output", channels / 2, channels)
    gain = scope.parameter("gain", [], .zeros)
  }

  /// Applies the layer; height and width must be even.
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    named(path) {
      let (samples, height, width) = (x.shape[0], x.shape[1], x.shape[2])
      func rows(_ x: Tensor) -> Tensor { x.reshaped([samples, -1, x.shape[3]]) }
      let queries = rows(query(x, mode))
      let keys = rows(key(x, mode).maximumPooled(2))
      let values = rows(value(x, mode).maximumPooled(2))
      let mixed = queries.attending(to: keys, values: values).reshaped([samples, height, width, -1])
      return x + output(mixed, mode) * gain.tensor
    }
  }
}
