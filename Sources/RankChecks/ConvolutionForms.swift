import Tensors

/// A convolution of images `[height, width, inputs]`.
private struct ConvolutionForm {
  let name: String
  let image: (Int, Int, Int)
  let outputs: Int
  let kernel: Int
  var stride = 1
  var padding = Padding.same
  var groups = 1

  /// Weights of results near 1, so that squares of squares stay finite.
  func weight(_ batch: DrawnBatch) -> Tensor {
    let inputs = kernel * kernel * image.2 / groups
    return batch.shared([kernel, kernel, image.2 / groups, outputs]) * (1 / Float(inputs).squareRoot())
  }

  /// The convolution, and its adjoint on images of the same size.
  var forms: [PrimitiveForm] {
    let plain = PrimitiveForm("convolution \(name)", { [$0.rows([image.0, image.1, image.2]), weight($0)] }) {
      $0[0].convolved(with: $0[1], stride: stride, padding: padding, groups: groups)
    }
    if groups > 1 { return [plain] }
    let transposed = PrimitiveForm("transposed convolution \(name)", { [$0.rows([image.0, image.1, outputs]), weight($0)] }) {
      $0[0].transposeConvolved(with: $0[1], stride: stride, padding: padding)
    }
    return [plain, transposed]
  }
}

/// Convolutions for each way through the kernels: Winograd, windows gathered into a matrix, images that are a matrix already, channels apart; images below
/// and from 256 pixels on; channels as few as an image's and as many as need blocks. Weight gradients are gradients of these.
extension PrimitiveForm {
  static var convolutions: [PrimitiveForm] {
    [
      ConvolutionForm(name: "3x3 by Winograd", image: (8, 8, 16), outputs: 16, kernel: 3),
      ConvolutionForm(name: "3x3 by Winograd, odd sizes", image: (5, 7, 32), outputs: 48, kernel: 3),
      ConvolutionForm(name: "3x3 by Winograd, 20x20", image: (20, 20, 16), outputs: 32, kernel: 3),
      ConvolutionForm(name: "3x3 by Winograd, one-sided padding", image: (6, 5, 16), outputs: 16, kernel: 3, padding: .sides(2, 0, 0, 2)),
      ConvolutionForm(name: "3x3", image: (5, 4, 3), outputs: 5, kernel: 3),
      ConvolutionForm(name: "3x3 from three channels", image: (16, 16, 3), outputs: 16, kernel: 3),
      ConvolutionForm(name: "3x3 to three channels", image: (18, 18, 16), outputs: 3, kernel: 3),
      ConvolutionForm(name: "3x3 from 130 channels", image: (4, 4, 130), outputs: 3, kernel: 3),
      ConvolutionForm(name: "1x1", image: (3, 4, 5), outputs: 7, kernel: 1),
      ConvolutionForm(name: "1x1 on 16x16", image: (16, 16, 8), outputs: 4, kernel: 1),
      ConvolutionForm(name: "1x1 of 16 channels", image: (4, 4, 16), outputs: 16, kernel: 1),
      ConvolutionForm(name: "4x4, stride 2", image: (6, 8, 3), outputs: 2, kernel: 4, stride: 2, padding: .all(1)),
      ConvolutionForm(name: "4x4, stride 2, on 32x32", image: (32, 32, 3), outputs: 8, kernel: 4, stride: 2, padding: .all(1)),
      ConvolutionForm(name: "4x4, stride 2, by Winograd", image: (16, 16, 16), outputs: 32, kernel: 4, stride: 2, padding: .all(1)),
      ConvolutionForm(
        name: "4x4, stride 2, by Winograd, odd sizes", image: (9, 19, 48), outputs: 16, kernel: 4, stride: 2, padding: .all(1)),
      ConvolutionForm(name: "5x5, stride 2", image: (7, 6, 2), outputs: 3, kernel: 5, stride: 2),
      ConvolutionForm(name: "3x3, stride 2 with a remainder", image: (6, 7, 2), outputs: 3, kernel: 3, stride: 2, padding: .valid),
      ConvolutionForm(name: "4x4 to one pixel", image: (4, 4, 8), outputs: 1, kernel: 4, padding: .valid),
      ConvolutionForm(name: "3x3 in two groups", image: (4, 5, 4), outputs: 6, kernel: 3, groups: 2),
      ConvolutionForm(name: "3x3 of each channel", image: (9, 10, 20), outputs: 20, kernel: 3, groups: 20),
    ].flatMap(\.forms) + [
      resampling("convolution and pooling", 16) { $0.convolvedAndPooled(with: $1) },
      resampling("upsampling and convolution", 8) { $0.upsampledAndConvolved(with: $1) },
    ]
  }

  /// Convolutions whose products can be of bfloat16, by every tile and by matrix products; weight gradients of few tiles and of many.
  static var convolutionsOfManyChannels: [PrimitiveForm] {
    [
      ConvolutionForm(name: "3x3 of 128 channels", image: (8, 8, 128), outputs: 128, kernel: 3),
      ConvolutionForm(name: "3x3 of 128 channels, odd sizes", image: (11, 11, 128), outputs: 144, kernel: 3),
      ConvolutionForm(name: "3x3 of 128 channels on 5x5", image: (5, 5, 128), outputs: 128, kernel: 3),
      ConvolutionForm(name: "4x4, stride 2, of 96 channels", image: (16, 16, 96), outputs: 96, kernel: 4, stride: 2, padding: .all(1)),
      ConvolutionForm(
        name: "4x4, stride 2, of 96 channels, odd sizes", image: (19, 18, 96), outputs: 112, kernel: 4, stride: 2, padding: .all(1)),
      ConvolutionForm(name: "1x1 of 96 channels", image: (7, 7, 96), outputs: 99, kernel: 1),
      ConvolutionForm(name: "3x3, stride 2, of 70 channels", image: (9, 8, 70), outputs: 67, kernel: 3, stride: 2),
    ].flatMap(\.forms)
  }

  private static func resampling(_ name: String, _ size: Int, _ function: @escaping (Tensor, Tensor) -> Tensor) -> PrimitiveForm {
    PrimitiveForm(name, { [$0.rows([size, size, 16]), $0.shared([3, 3, 16, 32]) * (1 / 12)] }) { function($0[0], $0[1]) }
  }
}
