public import Adversarial
import Layers
import Tensors

/// Sizes that both DCGAN networks share.
struct DCGANShape {
  /// Number of doublings from 4x4 to the image.
  let levels: Int
  let kernel: Int

  /// Sizes for images of `data`.
  /// - Throws: `ModelError` where no doublings lead from 4x4 to the image.
  init(kernel: Int, _ data: DataFormat, model: String) throws {
    guard data.height == data.width, data.height >= 16, data.height & (data.height - 1) == 0 else {
      throw ModelError("\(model): images of \(data.height)x\(data.width); square ones of 16, 32, 64, 128, … px are needed")
    }
    levels = data.height.trailingZeroBitCount - 2
    self.kernel = kernel
  }

  /// Zeros around an image, so that stride 2 halves its size exactly.
  var padding: Padding { kernel == 4 ? .all(1) : .sides(1, 1, 2, 2) }
}

/// What stands before the rectifiers of a convolutional critic.
public enum CriticNorm: String, OptionWord, Sendable {
  /// Moments of the batch: no critic for penalties on each sample's slope.
  case batch
  /// Moments of the sample.
  case layer
  case none
}

/// z to images in [-1, 1]: a dense layer to 4x4, then transposed convolutions with batch norm and ReLU, tanh at the end.
/// - Source: Radford, Metz, Chintala 2016, section 3 and figure 1. https://arxiv.org/abs/1511.06434
struct DCGANGenerator {
  private let project: Dense
  private let norms: [BatchNorm]
  private let convolutions: [TransposeConvolution2D]
  private let width: Int
  private let path: String

  /// A network whose last hidden layer has `channels`; without norms each layer has a bias instead.
  init(_ scope: Scope, latent: Int, channels: Int, _ shape: DCGANShape, _ data: DataFormat, isNormalized: Bool = true) {
    path = scope.path
    let start = Initializer.normal(deviation: 0.02)
    let widths = (0..<shape.levels).reversed().map { channels << $0 }
    width = widths[0]
    project = Dense(scope["project"], from: latent, to: 16 * widths[0], bias: !isNormalized, initializer: start)
    norms =
      isNormalized
      ? widths.enumerated().map { index, channels in
        BatchNorm(scope["norms"][index], channels: channels, gain: .normal(mean: 1, deviation: 0.02))
      } : []
    convolutions = widths.indices.map { index in
      let isLast = index == shape.levels - 1
      return TransposeConvolution2D(
        scope["convolutions"][index], from: widths[index], to: isLast ? data.channels : widths[index + 1], kernel: shape.kernel,
        stride: 2, padding: shape.padding, bias: isLast || !isNormalized, initializer: start)
    }
  }

  func callAsFunction(_ latent: Tensor, _ mode: Mode) -> Tensor {
    named(path) {
      var x = project(latent, mode).reshaped([latent.shape[0], 4, 4, width])
      for (index, convolution) in convolutions.enumerated() {
        x = convolution(norms.isEmpty ? x.rectified() : norms[index](x, mode, slope: 0), mode)
      }
      return x.hyperbolicTangent()
    }
  }
}

/// Images to logits `[batch, 1]`: strided convolutions with a norm (not on the first) and leaky ReLU 0.2, then a dense layer.
struct DCGANDiscriminator {
  private let convolutions: [Convolution2D]
  private let norms: [Norm]
  private let linear: Dense
  private let path: String

  private enum Norm {
    case batch(BatchNorm)
    case layer(LayerNorm)
    case none

    func callAsFunction(_ x: Tensor, _ mode: Mode, slope: Float) -> Tensor {
      switch self {
      case .batch(let norm): norm(x, mode, slope: slope)
      case .layer(let norm): norm(x, mode).leakyRectified(slope: slope)
      case .none: x.leakyRectified(slope: slope)
      }
    }
  }

  /// A network whose first layer has `channels`.
  init(_ scope: Scope, channels: Int, _ shape: DCGANShape, _ data: DataFormat, norm: CriticNorm = .batch) {
    path = scope.path
    let start = Initializer.normal(deviation: 0.02)
    let widths = (0..<shape.levels).map { channels << $0 }
    convolutions = widths.indices.map { index in
      Convolution2D(
        scope["convolutions"][index], from: index == 0 ? data.channels : widths[index - 1], to: widths[index], kernel: shape.kernel,
        stride: 2, padding: shape.padding, bias: index == 0 || norm == .none, initializer: start)
    }
    norms = widths.dropFirst().enumerated().map { index, channels in
      let place = scope["norms"][index]
      return switch norm {
      case .batch: .batch(BatchNorm(place, channels: channels, gain: .normal(mean: 1, deviation: 0.02)))
      case .layer: .layer(LayerNorm(place, channels: channels))
      case .none: .none
      }
    }
    linear = Dense(scope["linear"], from: 16 * widths[widths.count - 1], to: 1, initializer: start)
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode) -> CriticOutput {
    named(path) {
      var x = convolutions[0](images, mode).leakyRectified(slope: 0.2)
      for (convolution, norm) in zip(convolutions.dropFirst(), norms) {
        x = norm(convolution(x, mode), mode, slope: 0.2)
      }
      let features = x.reshaped([images.shape[0], -1])
      return CriticOutput(logits: linear(features, mode), features: features)
    }
  }
}
