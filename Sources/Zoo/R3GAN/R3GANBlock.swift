import Adversarial
import Layers
import Tensors

/// `x + W₃ a(W₂ a(W₁ x))`: 1x1 to a multiple of the channels, 3x3 in groups, 1x1 back; a adds a bias and rectifies with slope 0.2.
///
/// The last convolution starts at 0, so a block starts as the identity; the others start smaller the more blocks there are.
/// - Source: Huang et al. 2024, section 3.3; its initialisation: Zhang, Dauphin, Ma 2019, "Fixup Initialization", section 3.
///   https://arxiv.org/abs/1901.09321; brownvc/R3GAN, R3GAN/Networks.py
struct R3GANBlock {
  private let expand: Convolution2D
  private let grouped: Convolution2D
  private let project: Convolution2D
  private let path: String
  private static let slope: Float = 0.2

  init(_ scope: Scope, width: Int, _ options: R3GANOptions, blocks: Int) {
    path = scope.path
    let inner = width * options.expansion
    let group = min(options.group, inner)
    // √(2 / (1 + slope²)) keeps the variance through a rectifier; of three layers two share the block's part of depth, each its fourth root.
    let gain = (2 / (1 + Self.slope * Self.slope)).squareRoot() / Float(blocks).squareRoot().squareRoot()
    // A convolution's bias before the rectifier is the authors' bias of the activation.
    expand = Convolution2D(scope["expand"], from: width, to: inner, kernel: 1, initializer: .scaled(fanIn: width, gain: gain))
    grouped = Convolution2D(
      scope["grouped"], from: inner, to: inner, kernel: 3, groups: inner / group, initializer: .scaled(fanIn: 9 * group, gain: gain))
    project = Convolution2D(scope["project"], from: inner, to: width, kernel: 1, bias: false, initializer: .zeros)
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    named(path) {
      let y = grouped(expand(x, mode).leakyRectified(slope: Self.slope), mode).leakyRectified(slope: Self.slope)
      return x + project(y, mode)
    }
  }

  /// The blocks of each stage.
  static func stages(_ scope: Scope, _ options: R3GANOptions, _ widths: [Int]) -> [[R3GANBlock]] {
    widths.enumerated().map { stage, width in
      (0..<options.blocks).map { block in
        R3GANBlock(scope["stages"][stage][block], width: width, options, blocks: widths.count * options.blocks)
      }
    }
  }

  /// The 1x1 convolution between stages of different widths.
  static func transition(_ scope: Scope, _ inputs: Int, _ outputs: Int) -> Convolution2D? {
    guard inputs != outputs else { return nil }
    return Convolution2D(scope, from: inputs, to: outputs, kernel: 1, bias: false, initializer: .scaled(fanIn: inputs))
  }
}

extension Initializer {
  /// N(0, gain² / fanIn).
  /// - Source: He et al. 2015, "Delving Deep into Rectifiers", eq. (10). https://arxiv.org/abs/1502.01852
  static func scaled(fanIn: Int, gain: Float = 1) -> Initializer { .normal(deviation: gain / Float(fanIn).squareRoot()) }
}

extension Tensor {
  /// Twice the height and width, with zeros between pixels filtered by (1, 2, 1)/2 in both directions: pixel 2i + 1 is pixel i, pixel 2i the
  /// mean of it and the one before, beyond the border 0.
  ///
  /// Repeating pixels is a filter (1, 1), so a mean of two more is all.
  func interpolatedUp() -> Tensor { upsampled(2).meansWithPixelBefore() }

  /// Half the height and width: (1, 2, 1)/4 in both directions around every second pixel, beyond the border 0.
  func interpolatedDown() -> Tensor { meansWithPixelBefore().averagePooled(2) }

  private func meansWithPixelBefore() -> Tensor {
    padded(before: [0, 1, 1, 0], after: [0, 0, 0, 0]).averagePooled(2, stride: 1)
  }
}
