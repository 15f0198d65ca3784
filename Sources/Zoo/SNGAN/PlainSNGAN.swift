import Adversarial
import Layers
import Tensors

/// The convolutional networks without shortcuts, for square images whose size 8 divides.
///
/// - Source: Miyato et al. 2018, table 3, https://arxiv.org/abs/1802.05957, which shows no norm after the generator's dense layer; it has one
///   in google/compare_gan, architectures/sndcgan.py, whose critic widens at the strided layers in place of those after them.
enum PlainSNGAN {
  /// z to images: a dense layer to an eighth of the size, three 4x4 transposed convolutions of stride 2 with batch norm and ReLU, 3x3, tanh.
  struct Generator {
    private let project: Dense
    private let norms: [BatchNorm]
    private let convolutions: [TransposeConvolution2D]
    private let output: Convolution2D
    private let first: [Int]
    private let path: String

    init(_ scope: Scope, _ options: SNGANOptions, _ data: DataFormat) throws {
      guard data.height == data.width, data.height % 8 == 0 else {
        throw ModelError("sngan: images of \(data.height)x\(data.width); plain networks need square ones whose size 8 divides")
      }
      path = scope.path
      let start = Initializer.normal(deviation: 0.02)
      let widths = [8, 4, 2, 1].map { $0 * options.generatorChannels }
      first = [data.height / 8, data.width / 8, widths[0]]
      project = Dense(scope["project"], from: options.latent, to: first.reduce(1, *), initializer: start)
      norms = widths.enumerated().map { BatchNorm(scope["norms"][$0], channels: $1) }
      convolutions = (0..<3).map { index in
        TransposeConvolution2D(
          scope["convolutions"][index], from: widths[index], to: widths[index + 1], kernel: 4, stride: 2, padding: .all(1),
          initializer: start)
      }
      output = Convolution2D(scope["output"], from: widths[3], to: data.channels, kernel: 3, initializer: start)
    }

    func callAsFunction(_ latent: Tensor, _ mode: Mode) -> Tensor {
      named(path) {
        var x = norms[0](project(latent, mode).reshaped([latent.shape[0]] + first), mode, slope: 0)
        for (convolution, norm) in zip(convolutions, norms.dropFirst()) { x = norm(convolution(x, mode), mode, slope: 0) }
        return output(x, mode).hyperbolicTangent()
      }
    }
  }

  /// Images to logits: 3x3 of stride 1 and 4x4 of stride 2 in turn, leaky ReLU 0.1, a dense layer; spectral norm on every weight.
  struct Discriminator {
    private let convolutions: [Convolution2D]
    private let linear: Dense
    private let path: String

    init(_ scope: Scope, _ options: SNGANOptions, _ data: DataFormat, spectral: SpectralNorm.Settings) {
      path = scope.path
      let start = Initializer.normal(deviation: 0.02)
      let widths = [1, 1, 2, 2, 4, 4, 8].map { $0 * options.discriminatorChannels }
      convolutions = widths.enumerated().map { index, width in
        let isStrided = index % 2 == 1
        return Convolution2D(
          scope["convolutions"][index], from: index == 0 ? data.channels : widths[index - 1], to: width, kernel: isStrided ? 4 : 3,
          stride: isStrided ? 2 : 1, padding: .all(1), initializer: start, spectral: spectral)
      }
      linear = Dense(
        scope["linear"], from: widths[6] * data.height * data.width / 64, to: 1, initializer: start, spectral: spectral)
    }

    func callAsFunction(_ images: Tensor, _ mode: Mode) -> CriticOutput {
      named(path) {
        let x = convolutions.reduce(images) { $1($0, mode).leakyRectified(slope: 0.1) }
        let features = x.reshaped([images.shape[0], -1])
        return CriticOutput(logits: linear(features, mode), features: features)
      }
    }
  }
}
