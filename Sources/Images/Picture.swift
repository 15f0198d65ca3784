/// A picture of 8-bit samples, `[height, width, channels]` in row-major order.
///
/// One channel is grey, two are grey and alpha, three are RGB, four are RGBA; alpha is not multiplied into the colours.
public struct Picture: Sendable, Equatable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Samples in a pixel, 1 to 4.
  public let channels: Int
  /// All samples, `height * width * channels`.
  public internal(set) var pixels: [UInt8]

  /// Takes the samples as they are.
  /// - Precondition: sides of at least one pixel, 1 to 4 channels, `pixels.count == height * width * channels`.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "Picture: sides must be positive, got \(width) x \(height)")
    precondition((1...4).contains(channels), "Picture: 1 to 4 channels, got \(channels)")
    precondition(
      pixels.count == height * width * channels,
      "Picture: \(width) x \(height) x \(channels) needs \(height * width * channels) samples, got \(pixels.count)")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// A picture with the same value in every sample.
  public init(width: Int, height: Int, channels: Int, filledWith value: UInt8) {
    self.init(
      width: width, height: height, channels: channels,
      pixels: [UInt8](repeating: value, count: max(0, width * height * channels)))
  }

  /// One sample; `x` counts from the left, `y` from the top.
  public subscript(x x: Int, y y: Int, channel channel: Int) -> UInt8 {
    get { pixels[offset(x, y, channel)] }
    set { pixels[offset(x, y, channel)] = newValue }
  }

  private func offset(_ x: Int, _ y: Int, _ channel: Int) -> Int {
    precondition(
      (0..<width).contains(x) && (0..<height).contains(y) && (0..<channels).contains(channel),
      "Picture: no sample at x \(x), y \(y), channel \(channel) in \(width) x \(height) x \(channels)")
    return (y * width + x) * channels + channel
  }
}
