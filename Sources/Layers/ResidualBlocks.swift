public import Tensors

/// A generator block's normalisation: plain, or depending on the sample.
public enum BlockNorm {
  /// One gain and bias for all samples.
  case plain(BatchNorm)
  /// Gain and bias from a class or a vector.
  case conditional(ConditionalBatchNorm)

  /// A norm in `scope`; plain without a form.
  public init(
    _ scope: Scope, channels: Int, form: ConditionalBatchNorm.Form?, settings: BatchNormSettings, initializer: Initializer
  ) {
    if let form {
      self = .conditional(ConditionalBatchNorm(scope, channels: channels, form: form, settings: settings, initializer: initializer))
    } else {
      self = .plain(BatchNorm(scope, channels: channels, settings: settings))
    }
  }

  /// Applies the norm, and a rectifier that multiplies negative numbers by `slope`.
  public func callAsFunction(_ x: Tensor, _ condition: ConditionalBatchNorm.Condition?, _ mode: Mode, slope: Float = 1) -> Tensor {
    switch (self, condition) {
    case (.plain(let norm), _): return norm(x, mode, slope: slope)
    case (.conditional(let norm), let condition?): return norm(x, condition, mode, slope: slope)
    case (.conditional, nil): preconditionFailure("BlockNorm: a conditional norm was called without a condition")
    }
  }
}

/// Generator residual block that doubles the size: norm, ReLU, up, 3x3, norm, ReLU, 3x3, plus up and 1x1 on the shortcut.
///
/// The shortcut's 1x1 convolution runs before the upsampling: both commute exactly, at a quarter of the work. The first 3x3 convolution and
/// the upsampling are one operation.
/// - Source: Brock, Donahue, Simonyan 2019, appendix B, figure 15 (b). https://arxiv.org/abs/1809.11096
public struct ResidualUpBlock {
  private let norms: (BlockNorm, BlockNorm)
  private let convolutions: (Convolution2D, Convolution2D)
  private let shortcut: Convolution2D
  private let path: String

  /// A block in `scope`.
  public init(
    _ scope: Scope, from inputs: Int, to outputs: Int, form: ConditionalBatchNorm.Form?, settings: BatchNormSettings,
    initializer: Initializer, spectral: SpectralNorm.Settings?
  ) {
    path = scope.path
    func norm(_ name: String, _ channels: Int) -> BlockNorm {
      BlockNorm(scope[name], channels: channels, form: form, settings: settings, initializer: initializer)
    }
    func convolution(_ name: String, _ inputs: Int, _ kernel: Int) -> Convolution2D {
      Convolution2D(scope[name], from: inputs, to: outputs, kernel: kernel, initializer: initializer, spectral: spectral)
    }
    norms = (norm("norm1", inputs), norm("norm2", outputs))
    convolutions = (convolution("conv1", inputs, 3), convolution("conv2", outputs, 3))
    shortcut = convolution("shortcut", inputs, 1)
  }

  /// `[batch, h, w, inputs]` to `[batch, 2h, 2w, outputs]`.
  public func callAsFunction(_ x: Tensor, _ condition: ConditionalBatchNorm.Condition?, _ mode: Mode) -> Tensor {
    named(path) {
      var h = convolutions.0.afterUpsampling(norms.0(x, condition, mode, slope: 0), mode)
      h = convolutions.1(norms.1(h, condition, mode, slope: 0), mode)
      return h + shortcut(x, mode).upsampled(2)
    }
  }
}

/// Critic residual block: ReLU, 3x3, ReLU, 3x3, and average pooling where it halves the size; 1x1 on the shortcut where sizes change.
///
/// The first block of a critic has no ReLU in front, as its input is an image. Pooling and the shortcut's 1x1 convolution commute
/// exactly, so the pooling runs first. The second 3x3 convolution and the pooling are one operation. WGAN-GP's has a layer norm before each
/// ReLU.
/// - Source: Brock, Donahue, Simonyan 2019, appendix B, figure 15 (c), https://arxiv.org/abs/1809.11096; layer norm: Gulrajani et al. 2017,
///   section 4 and gan_64x64.py of its code, https://arxiv.org/abs/1704.00028
public struct ResidualDownBlock {
  private let convolutions: (Convolution2D, Convolution2D)
  private let norms: (LayerNorm?, LayerNorm?)
  private let shortcut: Convolution2D?
  private let isFirst: Bool
  private let halves: Bool
  private let path: String

  /// A block in `scope`; the hidden width is `outputs` unless `hidden` says otherwise.
  public init(
    _ scope: Scope, from inputs: Int, to outputs: Int, through hidden: Int? = nil, isFirst: Bool, halves: Bool, isNormalized: Bool = false,
    initializer: Initializer, spectral: SpectralNorm.Settings?
  ) {
    path = scope.path
    self.isFirst = isFirst
    self.halves = halves
    let hidden = hidden ?? outputs
    func convolution(_ name: String, _ inputs: Int, _ outputs: Int, _ kernel: Int) -> Convolution2D {
      Convolution2D(scope[name], from: inputs, to: outputs, kernel: kernel, initializer: initializer, spectral: spectral)
    }
    norms = (
      isNormalized && !isFirst ? LayerNorm(scope["norm1"], channels: inputs) : nil,
      isNormalized ? LayerNorm(scope["norm2"], channels: hidden) : nil
    )
    convolutions = (convolution("conv1", inputs, hidden, 3), convolution("conv2", hidden, outputs, 3))
    shortcut = inputs != outputs || halves ? convolution("shortcut", inputs, outputs, 1) : nil
  }

  /// `[batch, h, w, inputs]` to `[batch, h, w, outputs]`, or half the height and width.
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    named(path) {
      func normalized(_ x: Tensor, _ norm: LayerNorm?) -> Tensor { norm.map { $0(x, mode) } ?? x }
      var h = convolutions.0(isFirst ? x : normalized(x, norms.0).rectified(), mode)
      h = normalized(h, norms.1).rectified()
      h = halves ? convolutions.1.beforePooling(h, mode) : convolutions.1(h, mode)
      let pooled = halves ? x.averagePooled(2) : x
      return h + (shortcut?(pooled, mode) ?? pooled)
    }
  }
}
