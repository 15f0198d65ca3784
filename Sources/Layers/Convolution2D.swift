public import Tensors

/// `y = x ∗ W + b` on images `[batch, height, width, inputs]`.
public struct Convolution2D {
  /// The kernel `[kernel, kernel, inputs / groups, outputs]`.
  public let weight: Weight
  private let bias: Parameter?
  private let stride: Int
  private let padding: Padding
  private let groups: Int
  private let path: String

  /// A convolution in `scope`, its bias starting at 0.
  public init(
    _ scope: Scope, from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1, padding: Padding = .same, groups: Int = 1,
    bias: Bool = true, initializer: Initializer = .orthogonal, spectral: SpectralNorm.Settings? = nil
  ) {
    path = scope.path
    self.stride = stride
    self.padding = padding
    self.groups = groups
    weight = Weight(scope, [kernel, kernel, inputs / groups, outputs], initializer, spectral: spectral)
    self.bias = bias ? scope.parameter("bias", [outputs], .zeros) : nil
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    apply(mode) { x.convolved(with: $0, bias: $1, stride: stride, padding: padding, groups: groups) }
  }

  /// Applies the layer to the image with each pixel repeated in both directions: a layer of stride 1 in one group that keeps sizes.
  public func afterUpsampling(_ x: Tensor, _ mode: Mode) -> Tensor {
    precondition(isPlain, "Convolution2D \(path): upsampling goes with stride 1, padding .same and one group only")
    return apply(mode) { x.upsampledAndConvolved(with: $0, bias: $1) }
  }

  /// The means of 2x2 pixels of what the layer gives, which its bias does not change: a layer as for `afterUpsampling`.
  public func beforePooling(_ x: Tensor, _ mode: Mode) -> Tensor {
    precondition(isPlain, "Convolution2D \(path): pooling goes with stride 1, padding .same and one group only")
    return apply(mode) { x.convolvedAndPooled(with: $0, bias: $1) }
  }

  private var isPlain: Bool { stride == 1 && padding == .same && groups == 1 }

  private func apply(_ mode: Mode, _ convolve: (_ weight: Tensor, _ bias: Tensor?) -> Tensor) -> Tensor {
    named(path) { convolve(weight(mode), bias?.tensor) }
  }
}

/// The adjoint of a strided convolution, with a bias: `[batch, h, w, inputs]` to `[batch, (h-1)·stride + kernel - 2·padding, …, outputs]`.
public struct TransposeConvolution2D {
  /// The kernel `[kernel, kernel, outputs, inputs]`.
  public let weight: Weight
  private let bias: Parameter?
  private let stride: Int
  private let padding: Padding
  private let path: String

  /// A transposed convolution in `scope`, its bias starting at 0.
  public init(
    _ scope: Scope, from inputs: Int, to outputs: Int, kernel: Int, stride: Int, padding: Padding, bias: Bool = true,
    initializer: Initializer = .orthogonal, spectral: SpectralNorm.Settings? = nil
  ) {
    path = scope.path
    self.stride = stride
    self.padding = padding
    weight = Weight(scope, [kernel, kernel, outputs, inputs], initializer, spectral: spectral, outputAxis: 2)
    self.bias = bias ? scope.parameter("bias", [outputs], .zeros) : nil
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    named(path) { x.transposeConvolved(with: weight(mode), bias: bias?.tensor, stride: stride, padding: padding) }
  }
}
