import Kernels

extension Tensor {
  /// `op(self) op(other)` of replicated matrices.
  public func matrixProduct(_ other: Tensor, transposeSelf: Bool = false, transposeOther: Bool = false) -> Tensor {
    apply(MatrixProduct(transposeA: transposeSelf, transposeB: transposeOther), [self, other])
  }

  /// `op(selfᵢ) op(otherᵢ)` for each sample i of `[batch, m, k]` and `[batch, k, n]`.
  public func batchedProduct(_ other: Tensor, transposeSelf: Bool = false, transposeOther: Bool = false) -> Tensor {
    apply(BatchedProduct(transposeA: transposeSelf, transposeB: transposeOther), [self, other])
  }

  /// Every row of `[..., k]` times one replicated matrix `[k, n]` (or `[n, k]` when transposed).
  public func rowProduct(_ matrix: Tensor, transposeMatrix: Bool = false) -> Tensor {
    apply(RowProduct(transposeB: transposeMatrix), [self, matrix])
  }

  /// `Σ selfᵣᵀ otherᵣ` over the rows of `[..., m]` and `[..., n]`, over the global batch: `[m, n]`.
  public func outerProduct(_ other: Tensor) -> Tensor { apply(OuterProduct(), [self, other]) }

  /// Cross-correlation of `[batch, height, width, inputs]` with `weight [kernelHeight, kernelWidth, inputs / groups, outputs]`.
  ///
  /// - Parameters:
  ///   - weight: the kernels.
  ///   - bias: `[outputs]`, added to every pixel.
  ///   - stride: pixels from one output to the next.
  ///   - padding: zeros added above, left, below and right.
  ///   - groups: groups of channels that do not see each other.
  public func convolved(
    with weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Padding = .same, groups: Int = 1
  ) -> Tensor {
    precondition(rank == 4 && weight.rank == 4, "convolution: shapes \(shape) and \(weight.shape), both need four axes")
    let (top, left, bottom, right) = padding.amounts(kernelHeight: weight.shape[0], kernelWidth: weight.shape[1])
    let geometry = ConvolutionGeometry(
      height: shape[1], width: shape[2], inputChannels: shape[3], outputChannels: weight.shape[3], kernelHeight: weight.shape[0],
      kernelWidth: weight.shape[1], stride: stride, padTop: top, padLeft: left, padBottom: bottom, padRight: right, groups: groups)
    precondition(
      shape[3] == weight.shape[2] * groups && weight.shape[3] % groups == 0,
      "convolution: input has \(shape[3]) channels, weight expects \(weight.shape[2] * groups) (shapes \(shape) and \(weight.shape))")
    return apply(Convolution(geometry: geometry), [self, weight] + (bias.map { [$0] } ?? []))
  }

  /// The adjoint of a convolution with `weight [kernelHeight, kernelWidth, outputs, inputs]`: `[batch, height, width, inputs]` becomes
  /// `[batch, outputHeight, outputWidth, outputs]`.
  ///
  /// The result has `(height - 1)·stride + kernel - padding` rows (padding above and below together), so `stride·height` for a 4x4 kernel
  /// with padding 1 and stride 2. A bias `[outputs]` is added to every pixel.
  public func transposeConvolved(with weight: Tensor, bias: Tensor? = nil, stride: Int, padding: Padding) -> Tensor {
    precondition(
      rank == 4 && weight.rank == 4 && shape[3] == weight.shape[3],
      "transposed convolution: shapes \(shape) and \(weight.shape) do not fit")
    let (top, left, bottom, right) = padding.amounts(kernelHeight: weight.shape[0], kernelWidth: weight.shape[1])
    let geometry = ConvolutionGeometry(
      height: (shape[1] - 1) * stride + weight.shape[0] - top - bottom, width: (shape[2] - 1) * stride + weight.shape[1] - left - right,
      inputChannels: weight.shape[2], outputChannels: weight.shape[3], kernelHeight: weight.shape[0], kernelWidth: weight.shape[1],
      stride: stride, padTop: top, padLeft: left, padBottom: bottom, padRight: right, groups: 1)
    return apply(ConvolutionInputGradient(geometry: geometry), [self, weight] + (bias.map { [$0] } ?? []))
  }

  /// `convolved(with: weight, bias: bias).averagePooled(2)`.
  ///
  /// The same sums as one convolution of stride 2 with a 4x4 kernel, at less than half the work, where that goes by Winograd's algorithm.
  public func convolvedAndPooled(with weight: Tensor, bias: Tensor? = nil) -> Tensor {
    guard rank == 4, weight.rank == 4, shape[3] == weight.shape[2],
      widens(weight, height: shape[1], width: shape[2], from: shape[3], to: weight.shape[3])
    else { return convolved(with: weight, bias: bias).averagePooled(2) }
    return convolved(with: apply(WidenKernel(widening: .pooling), [weight]), bias: bias, stride: 2, padding: .all(1))
  }

  /// `upsampled(2).convolved(with: weight, bias: bias)`.
  ///
  /// The same sums as one transposed convolution of stride 2 with a 4x4 kernel, at less than half the work, where that goes by Winograd's
  /// algorithm.
  public func upsampledAndConvolved(with weight: Tensor, bias: Tensor? = nil) -> Tensor {
    guard rank == 4, weight.rank == 4, shape[3] == weight.shape[2],
      widens(weight, height: 2 * shape[1], width: 2 * shape[2], from: weight.shape[3], to: shape[3])
    else { return upsampled(2).convolved(with: weight, bias: bias) }
    return transposeConvolved(with: apply(WidenKernel(widening: .upsampling), [weight]), bias: bias, stride: 2, padding: .all(1))
  }

  /// Whether a 3x3 kernel is better widened: whether the convolution of stride 2, from the larger image to the smaller, is a fast one.
  private func widens(_ weight: Tensor, height: Int, width: Int, from inputs: Int, to outputs: Int) -> Bool {
    weight.shape[0] == 3 && weight.shape[1] == 3
      && ConvolutionGeometry(
        height: height, width: width, inputChannels: inputs, outputChannels: outputs, kernelHeight: 4, kernelWidth: 4, stride: 2,
        padTop: 1, padLeft: 1, padBottom: 1, padRight: 1
      ).usesWinograd
  }

  /// The mean of each `window x window` block.
  public func averagePooled(_ window: Int, stride: Int? = nil) -> Tensor {
    apply(AveragePool(window: Window(size: window, stride: stride ?? window)), [self])
  }

  /// The maximum of each `window x window` block; at ties the gradient goes to the first.
  public func maximumPooled(_ window: Int, stride: Int? = nil) -> Tensor {
    apply(MaximumPool(window: Window(size: window, stride: stride ?? window)), [self])
  }

  /// Every pixel repeated `factor` times in both directions.
  public func upsampled(_ factor: Int) -> Tensor { apply(Upsample(factor: factor), [self]) }
}

/// Zeros around an image before a convolution.
public enum Padding: Sendable, Hashable {
  /// Half the kernel on each side, so that stride 1 keeps the size of the image; of an even kernel the smaller half above and left.
  case same
  /// None.
  case valid
  /// The same amount on all four sides.
  case all(Int)
  /// Above, left, below, right.
  case sides(Int, Int, Int, Int)

  func amounts(kernelHeight: Int, kernelWidth: Int) -> (Int, Int, Int, Int) {
    switch self {
    case .same: ((kernelHeight - 1) / 2, (kernelWidth - 1) / 2, kernelHeight / 2, kernelWidth / 2)
    case .valid: (0, 0, 0, 0)
    case .all(let amount): (amount, amount, amount, amount)
    case .sides(let top, let left, let bottom, let right): (top, left, bottom, right)
    }
  }
}
