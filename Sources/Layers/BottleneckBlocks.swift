public import Tensors

/// BigGAN-deep's generator block: norm, ReLU, 1x1 to a quarter of the channels; norm, ReLU, (up,) 3x3; norm, ReLU, 3x3; norm, ReLU, 1x1.
///
/// The shortcut keeps the first channels of its input, repeated where the block doubles the size: no weights. The 3x3 convolution and the
/// upsampling are one operation.
/// - Source: Brock, Donahue, Simonyan 2019, appendix B, figure 16 (b). https://arxiv.org/abs/1809.11096. A quarter of the wider end, as
///   google/compare_gan, resnet_biggan_deep.py.
public struct BottleneckUpBlock {
  private let norms: [BlockNorm]
  private let convolutions: [Convolution2D]
  private let outputs: Int
  private let doubles: Bool
  private let path: String

  /// A block in `scope`, of as many output channels as input channels, or fewer.
  public init(
    _ scope: Scope, from inputs: Int, to outputs: Int, doubles: Bool, form: ConditionalBatchNorm.Form?, settings: BatchNormSettings,
    initializer: Initializer, spectral: SpectralNorm.Settings?
  ) {
    path = scope.path
    precondition(outputs <= inputs, "\(path): \(inputs) to \(outputs) channels; the shortcut can only leave channels out")
    (self.outputs, self.doubles) = (outputs, doubles)
    let width = max(1, inputs / 4)
    norms = [inputs, width, width, width].enumerated().map { index, channels in
      BlockNorm(scope["norm\(index + 1)"], channels: channels, form: form, settings: settings, initializer: initializer)
    }
    convolutions = bottleneck(scope, from: inputs, through: width, to: outputs, initializer, spectral)
  }

  /// `[batch, h, w, inputs]` to `[batch, h, w, outputs]`, or twice the height and width.
  public func callAsFunction(_ x: Tensor, _ condition: ConditionalBatchNorm.Condition?, _ mode: Mode) -> Tensor {
    named(path) {
      var h = x
      for (index, convolution) in convolutions.enumerated() {
        h = norms[index](h, condition, mode, slope: 0)
        h = doubles && index == 1 ? convolution.afterUpsampling(h, mode) : convolution(h, mode)
      }
      let kept = outputs < x.shape[3] ? x.slice(axis: 3, 0..<outputs) : x
      return h + (doubles ? kept.upsampled(2) : kept)
    }
  }
}

/// BigGAN-deep's critic block: ReLU, 1x1 to a quarter of the channels; ReLU, 3x3; ReLU, 3x3; ReLU, (average pooling,) 1x1.
///
/// The shortcut is the pooled input; channels that it lacks are a 1x1 convolution of it, set behind.
/// - Source: Brock, Donahue, Simonyan 2019, appendix B, figure 16 (c). https://arxiv.org/abs/1809.11096. A quarter of the wider end, as
///   google/compare_gan, resnet_biggan_deep.py.
public struct BottleneckDownBlock {
  private let convolutions: [Convolution2D]
  private let added: Convolution2D?
  private let halves: Bool
  private let path: String

  /// A block in `scope`, of as many output channels as input channels, or more.
  public init(
    _ scope: Scope, from inputs: Int, to outputs: Int, halves: Bool, initializer: Initializer, spectral: SpectralNorm.Settings?
  ) {
    path = scope.path
    precondition(outputs >= inputs, "\(path): \(inputs) to \(outputs) channels; the shortcut can only add channels")
    self.halves = halves
    convolutions = bottleneck(scope, from: inputs, through: max(1, outputs / 4), to: outputs, initializer, spectral)
    added =
      outputs > inputs
      ? Convolution2D(scope["added"], from: inputs, to: outputs - inputs, kernel: 1, initializer: initializer, spectral: spectral) : nil
  }

  /// `[batch, h, w, inputs]` to `[batch, h, w, outputs]`, or half the height and width.
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    named(path) {
      var h = x
      for (index, convolution) in convolutions.enumerated() {
        h = h.rectified()
        if halves && index == 3 { h = h.averagePooled(2) }
        h = convolution(h, mode)
      }
      let pooled = halves ? x.averagePooled(2) : x
      return h + (added.map { concatenated([pooled, $0(pooled, mode)], axis: 3) } ?? pooled)
    }
  }
}

/// 1x1, 3x3, 3x3, 1x1.
private func bottleneck(
  _ scope: Scope, from inputs: Int, through width: Int, to outputs: Int, _ initializer: Initializer, _ spectral: SpectralNorm.Settings?
) -> [Convolution2D] {
  [(inputs, width, 1), (width, width, 3), (width, width, 3), (width, outputs, 1)].enumerated().map { index, shape in
    Convolution2D(
      scope["conv\(index + 1)"], from: shape.0, to: shape.1, kernel: shape.2, initializer: initializer, spectral: spectral)
  }
}
