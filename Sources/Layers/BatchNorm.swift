public import Tensors

/// Numbers of the batch-norm layers of a network.
public struct BatchNormSettings: Sendable, Equatable {
  /// ε under the root. 1e-5 in ajbrock/BigGAN-PyTorch, 1e-4 in the BigGAN paper, appendix B.
  public var epsilon: Float
  /// Weight of a new batch in the running moments.
  public var momentum: Float
  /// Settings of these numbers.
  public init(epsilon: Float = 1e-5, momentum: Float = 0.1) {
    self.epsilon = epsilon
    self.momentum = momentum
  }
}

/// Shift and scale of each channel to mean 0 and variance 1: by the moments of the global batch in training, by running ones in inference.
///
/// The running variance averages the biased batch variance, as the training pass uses it (PyTorch averages the unbiased one).
struct Normalization {
  let settings: BatchNormSettings
  let mean: Buffer
  let variance: Buffer

  init(_ scope: Scope, channels: Int, settings: BatchNormSettings) {
    self.settings = settings
    mean = scope.buffer("mean", [channels], .zeros)
    variance = scope.buffer("variance", [channels], .ones)
  }

  /// `act(gain · x̂ + bias)`, gain and bias `[channels]` or `[batch, channels]`; `act` multiplies negative numbers by `slope`.
  func callAsFunction(_ x: Tensor, gain: Tensor, bias: Tensor, slope: Float, _ mode: Mode) -> Tensor {
    let weight: Float
    switch mode {
    case .inference:
      let shape = gain.rank == 2 ? [x.shape[0]] + Array(repeating: 1, count: x.rank - 2) + [gain.shape[1]] : gain.shape
      let normal = (x - mean.tensor) / (variance.tensor + settings.epsilon).squareRoot()
      let y = normal * gain.reshaped(shape) + bias.reshaped(shape)
      return slope == 1 ? y : y.leakyRectified(slope: slope)
    case .training: weight = settings.momentum
    case .accumulating(let pass): weight = 1 / Float(pass)
    }
    let (y, moments) = x.standardized(epsilon: settings.epsilon, gain: gain, bias: bias, slope: slope)
    if !y.isAbstract {
      mean.set(mean.tensor * (1 - weight) + moments.mean * weight)
      variance.set(variance.tensor * (1 - weight) + moments.variance * weight)
    }
    return y
  }
}

/// Batch norm synchronised over the global batch, with a learned gain and bias for each channel of `[batch, ..., channels]`.
/// - Source: Ioffe, Szegedy 2015, algorithm 1. https://arxiv.org/abs/1502.03167
public struct BatchNorm {
  private let normalization: Normalization
  private let gain: Parameter
  private let bias: Parameter
  private let path: String

  /// A batch norm in `scope`; DCGAN draws the gain from N(1, 0.02²), the usual start is 1.
  public init(_ scope: Scope, channels: Int, settings: BatchNormSettings = BatchNormSettings(), gain: Initializer = .ones) {
    path = scope.path
    normalization = Normalization(scope, channels: channels, settings: settings)
    self.gain = scope.parameter("gain", [channels], gain)
    bias = scope.parameter("bias", [channels], .zeros)
  }

  /// Applies the layer and a rectifier that multiplies negative numbers by `slope`: 0 for ReLU, 1 for none.
  public func callAsFunction(_ x: Tensor, _ mode: Mode, slope: Float = 1) -> Tensor {
    named(path) { normalization(x, gain: gain.tensor, bias: bias.tensor, slope: slope, mode) }
  }
}

/// Batch norm whose gain and bias depend on the sample: `gain = 1 + W_g e`, `bias = W_b e`.
///
/// With a shared class embedding `e` is that embedding (with a slice of z); without one, `W` are tables with a row for each class.
/// - Source: Brock, Donahue, Simonyan 2019, "Large Scale GAN Training", appendix B. https://arxiv.org/abs/1809.11096
public struct ConditionalBatchNorm {
  /// Where gain and bias come from.
  public enum Condition {
    /// A vector `[batch, width]` for each sample, through linear maps without bias.
    case vector(Tensor)
    /// A class for each sample, through tables.
    case labels(Labels)
  }

  /// What a layer is built for.
  public enum Form: Sendable, Equatable {
    /// Linear maps of a vector of this width, with spectral norm where given.
    case linear(width: Int, spectral: SpectralNorm.Settings?)
    /// Tables of this many classes. ajbrock/BigGAN-PyTorch has no spectral norm on them.
    case table(classes: Int)
  }

  private enum Maps {
    case linear(gain: Dense, bias: Dense)
    case tables(gain: Embedding, bias: Embedding)
  }

  private let normalization: Normalization
  private let maps: Maps
  private let path: String

  /// A conditional batch norm in `scope`.
  public init(_ scope: Scope, channels: Int, form: Form, settings: BatchNormSettings, initializer: Initializer) {
    path = scope.path
    normalization = Normalization(scope, channels: channels, settings: settings)
    switch form {
    case .linear(let width, let spectral):
      maps = .linear(
        gain: Dense(scope["gain"], from: width, to: channels, bias: false, initializer: initializer, spectral: spectral),
        bias: Dense(scope["bias"], from: width, to: channels, bias: false, initializer: initializer, spectral: spectral))
    case .table(let classes):
      maps = .tables(
        gain: Embedding(scope["gain"], classes: classes, width: channels, initializer: initializer),
        bias: Embedding(scope["bias"], classes: classes, width: channels, initializer: initializer))
    }
  }

  /// Applies the layer to `x [batch, height, width, channels]`, and a rectifier that multiplies negative numbers by `slope`.
  public func callAsFunction(_ x: Tensor, _ condition: Condition, _ mode: Mode, slope: Float = 1) -> Tensor {
    named(path) {
      let (gain, bias): (Tensor, Tensor)
      switch (maps, condition) {
      case (.linear(let gainMap, let biasMap), .vector(let vector)): (gain, bias) = (gainMap(vector, mode), biasMap(vector, mode))
      case (.tables(let gainMap, let biasMap), .labels(let labels)): (gain, bias) = (gainMap(labels, mode), biasMap(labels, mode))
      default: preconditionFailure("\(path): built for \(maps), called with \(condition)")
      }
      return normalization(x, gain: gain + 1, bias: bias, slope: slope, mode)
    }
  }
}
