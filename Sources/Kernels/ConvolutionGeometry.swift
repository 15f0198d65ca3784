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

/// The input's pixels `(row + i stride, column + j stride)`, all of which the same taps read: of output pixel `(i, j)` on, `Tap.row` and
/// `Tap.column` away.
struct ConvolutionPhase {
  var row, column: Int
  /// Number of its pixels on both axes.
  var rows, columns: Int
  var taps: [Tap]
}

extension ConvolutionGeometry {
  /// All kernel positions, as a forward window reads them.
  var taps: [Tap] {
    (0..<kernelHeight * kernelWidth).map {
      Tap(row: $0 / kernelWidth - padTop, column: $0 % kernelWidth - padLeft, index: $0)
    }
  }

  /// The phases that have pixels.
  var phases: [ConvolutionPhase] {
    (0..<stride * stride).compactMap { phase in
      let (row, column) = (phase / stride, phase % stride)
      if row >= height || column >= width { return nil }
      // Input row `row + i stride` is read by output row `i + (row + padTop - ky) / stride` through tap ky, where that division is exact.
      let taps = taps.compactMap { tap -> Tap? in
        let (y, x) = (row - tap.row, column - tap.column)
        if y % stride != 0 || x % stride != 0 { return nil }
        return Tap(row: y / stride, column: x / stride, index: tap.index)
      }
      return ConvolutionPhase(
        row: row, column: column, rows: (height - row + stride - 1) / stride, columns: (width - column + stride - 1) / stride, taps: taps)
    }
  }
}
