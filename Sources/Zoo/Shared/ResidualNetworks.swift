import Adversarial
import Layers
import Tensors

/// z to images without classes: a dense layer to 4x4, residual blocks that double the size, batch norm, ReLU, 3x3, tanh.
/// - Source: Gulrajani et al. 2017, appendix F, https://arxiv.org/abs/1704.00028; Miyato et al. 2018, appendix B.4,
///   https://arxiv.org/abs/1802.05957
struct ResidualGenerator {
  private let project: Dense
  private let blocks: [ResidualUpBlock]
  private let norm: BatchNorm
  private let output: Convolution2D
  private let width: Int
  private let path: String

  /// A network whose dense layer has `widths[0]` channels and whose block i ends with `widths[i + 1]`.
  init(_ scope: Scope, latent: Int, widths: [Int], data: DataFormat, start: Initializer) {
    path = scope.path
    width = widths[0]
    project = Dense(scope["project"], from: latent, to: 16 * widths[0], initializer: start)
    blocks = zip(widths, widths.dropFirst()).enumerated().map { index, widths in
      ResidualUpBlock(
        scope["blocks"][index], from: widths.0, to: widths.1, form: nil, settings: BatchNormSettings(), initializer: start, spectral: nil)
    }
    let last = widths[widths.count - 1]
    norm = BatchNorm(scope["norm"], channels: last)
    output = Convolution2D(scope["output"], from: last, to: data.channels, kernel: 3, initializer: start)
  }

  func callAsFunction(_ latent: Tensor, _ mode: Mode) -> Tensor {
    named(path) {
      var x = project(latent, mode).reshaped([latent.shape[0], 4, 4, width])
      for block in blocks { x = block(x, nil, mode) }
      return output(norm(x, mode, slope: 0), mode).hyperbolicTangent()
    }
  }
}

/// Images to logits `[batch, 1]` by residual blocks without batch norm.
struct ResidualCritic {
  /// How the last block's images become one row.
  enum Ending {
    case sum
    case mean
    /// All pixels, side by side.
    case flat
  }

  /// The form of a network.
  struct Plan {
    /// Width of a 3x3 convolution in front; nil: the first block reads the image itself.
    var entry: Int?
    /// Width and halving of each block.
    var blocks: [(width: Int, halves: Bool)]
    /// Whether a block's hidden width is that of its input; else of its output.
    var isNarrowInside: Bool
    /// Whether a layer norm stands before each ReLU.
    var isNormalized: Bool
    var ending: Ending
  }

  private let entry: Convolution2D?
  private let blocks: [ResidualDownBlock]
  private let linear: Dense
  private let ending: Ending
  private let path: String

  init(_ scope: Scope, _ plan: Plan, data: DataFormat, start: Initializer, spectral: SpectralNorm.Settings?) {
    path = scope.path
    ending = plan.ending
    entry = plan.entry.map {
      Convolution2D(scope["entry"], from: data.channels, to: $0, kernel: 3, initializer: start, spectral: spectral)
    }
    var inputs = plan.entry ?? data.channels
    var size = data.height
    blocks = plan.blocks.enumerated().map { index, block in
      defer { inputs = block.width }
      if block.halves { size /= 2 }
      let isFirst = index == 0 && plan.entry == nil
      return ResidualDownBlock(
        scope["blocks"][index], from: inputs, to: block.width, through: plan.isNarrowInside && !isFirst ? inputs : nil, isFirst: isFirst,
        halves: block.halves, isNormalized: plan.isNormalized, initializer: start, spectral: spectral)
    }
    linear = Dense(
      scope["linear"], from: plan.ending == .flat ? inputs * size * size : inputs, to: 1, initializer: start, spectral: spectral)
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode) -> CriticOutput {
    named(path) {
      var x = entry.map { $0(images, mode) } ?? images
      for block in blocks { x = block(x, mode) }
      let features =
        switch ending {
        case .sum: x.rectified().sum(axes: [1, 2])
        case .mean: x.rectified().mean(axes: [1, 2])
        case .flat: x.reshaped([images.shape[0], -1])
        }
      return CriticOutput(logits: linear(features, mode), features: features)
    }
  }
}
