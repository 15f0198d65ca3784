import Adversarial
import Layers
import Tensors

/// The networks of 4x4 kernels with which tutorials show self-attention: no residual blocks, no labels, two attention layers in each.
///
/// - Source: heykeetae/Self-Attention-GAN, sagan_models.py (64 px, 64 channels).
enum StridedSAGAN {
  /// Doublings from 4x4 to the image.
  static func levels(_ data: DataFormat) throws -> Int {
    guard data.height == data.width, [32, 64, 128].contains(data.height) else {
      throw ModelError("sagan: images of \(data.height)x\(data.width); the strided form needs square ones of 32, 64 or 128 px")
    }
    return data.height.trailingZeroBitCount - 2
  }

  /// z to images: a dense layer to 4x4, transposed convolutions with batch norm and ReLU, attention before each of the last two, tanh.
  struct Generator {
    private let project: Dense
    private let norms: [BatchNorm]
    private let convolutions: [TransposeConvolution2D]
    private let attention: [SelfAttention]
    private let width: Int
    private let path: String

    init(_ scope: Scope, _ options: SAGANOptions, _ levels: Int, _ data: DataFormat) throws {
      path = scope.path
      let start = options.common.initializer.initializer
      let spectral = options.common.spectral
      let widths = (0..<levels).reversed().map { options.channels << $0 }
      width = widths[0]
      project = Dense(scope["project"], from: options.latent, to: 16 * widths[0], initializer: start, spectral: spectral)
      norms = widths.enumerated().map { index, channels in
        BatchNorm(scope["norms"][index], channels: channels, settings: options.common.norm)
      }
      convolutions = widths.indices.map { index in
        let isLast = index == levels - 1
        return TransposeConvolution2D(
          scope["convolutions"][index], from: widths[index], to: isLast ? data.channels : widths[index + 1], kernel: 4, stride: 2,
          padding: .all(1), initializer: start, spectral: isLast ? nil : spectral)
      }
      attention = try (0..<2).map { index in
        try options.common.attention(scope["attention"][index], channels: widths[levels - 2 + index])
      }
    }

    func callAsFunction(_ latent: Tensor, _ mode: Mode) -> Tensor {
      named(path) {
        var x = project(latent, mode).reshaped([latent.shape[0], 4, 4, width])
        for (index, (norm, convolution)) in zip(norms, convolutions).enumerated() {
          x = norm(x, mode, slope: 0)
          let place = index - (norms.count - attention.count)
          if place >= 0 { x = attention[place](x, mode) }
          x = convolution(x, mode)
        }
        return x.hyperbolicTangent()
      }
    }
  }

  /// Images to logits: strided convolutions with leaky ReLU 0.1, attention after each of the last two, a dense layer.
  struct Discriminator {
    private let convolutions: [Convolution2D]
    private let attention: [SelfAttention]
    private let linear: Dense
    private let path: String

    init(_ scope: Scope, _ options: SAGANOptions, _ levels: Int, _ data: DataFormat) throws {
      path = scope.path
      let start = options.common.initializer.initializer
      let spectral = options.common.spectral
      let widths = (0..<levels).map { options.channels << $0 }
      convolutions = widths.indices.map { index in
        Convolution2D(
          scope["convolutions"][index], from: index == 0 ? data.channels : widths[index - 1], to: widths[index], kernel: 4, stride: 2,
          padding: .all(1), initializer: start, spectral: spectral)
      }
      attention = try (0..<2).map { index in
        try options.common.attention(scope["attention"][index], channels: widths[levels - 2 + index])
      }
      linear = Dense(scope["linear"], from: 16 * widths[levels - 1], to: 1, initializer: start)
    }

    func callAsFunction(_ images: Tensor, _ mode: Mode) -> CriticOutput {
      named(path) {
        var x = images
        for (index, convolution) in convolutions.enumerated() {
          x = convolution(x, mode).leakyRectified(slope: 0.1)
          let place = index - (convolutions.count - attention.count)
          if place >= 0 { x = attention[place](x, mode) }
        }
        let features = x.reshaped([images.shape[0], -1])
        return CriticOutput(logits: linear(features, mode), features: features)
      }
    }
  }
}
