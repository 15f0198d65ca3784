/// The shape of a two-dimensional convolution of one sample: images `[height, width, channels]`, weights
/// `[kernelHeight, kernelWidth, inputChannels / groups, outputChannels]`.
public struct ConvolutionGeometry: Sendable, Hashable {
  /// Size of the input image, in pixels.
  public var height, width: Int
  /// Channels of the input and of the output; both divisible by `groups`.
  public var inputChannels, outputChannels: Int
  /// Size of the kernel, in pixels.
  public var kernelHeight, kernelWidth: Int
  /// Distance between neighbouring windows, in pixels, on both axes.
  public var stride: Int
  /// Zeros around the image, in pixels.
  public var padTop, padLeft, padBottom, padRight: Int
  /// Number of independent channel groups.
  public var groups: Int

  /// A convolution of the given sizes.
  public init(
    height: Int, width: Int, inputChannels: Int, outputChannels: Int, kernelHeight: Int, kernelWidth: Int, stride: Int = 1,
    padTop: Int = 0, padLeft: Int = 0, padBottom: Int = 0, padRight: Int = 0, groups: Int = 1
  ) {
    self.height = height
    self.width = width
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.padTop = padTop
    self.padLeft = padLeft
    self.padBottom = padBottom
    self.padRight = padRight
    self.groups = groups
  }

  /// Height of the output image, in pixels.
  public var outputHeight: Int { (height + padTop + padBottom - kernelHeight) / stride + 1 }
  /// Width of the output image, in pixels.
  public var outputWidth: Int { (width + padLeft + padRight - kernelWidth) / stride + 1 }
  /// Floating-point operations of one direct pass over one sample.
  public var flops: Double {
    2 * Double(outputHeight * outputWidth * outputChannels) * Double(inputChannels / groups * kernelHeight * kernelWidth)
  }

  /// Numbers in one input image.
  var inputSize: Int { height * width * inputChannels }
  /// Numbers in one output image.
  var outputSize: Int { outputHeight * outputWidth * outputChannels }
  /// Numbers in the weights.
  var weightSize: Int { kernelHeight * kernelWidth * inputChannels / groups * outputChannels }
}

/// One kernel position: where it reads, relative to the window's origin, and its index in the weights.
struct Tap {
  var row: Int
  var column: Int
  var index: Int
}
