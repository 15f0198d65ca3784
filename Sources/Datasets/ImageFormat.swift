/// Size of the images of a data set; all images of a set have the same.
public struct ImageFormat: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Channels of a pixel: 1 for grey, 3 for RGB.
  public var channels: Int
  /// Rows.
  public var height: Int
  /// Pixels in a row.
  public var width: Int

  /// An image format.
  /// - Precondition: all sides are positive.
  public init(channels: Int, height: Int, width: Int) {
    precondition(channels > 0 && height > 0 && width > 0, "ImageFormat: \(channels) x \(height) x \(width) has no pixels")
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// Samples in an image, and bytes in a stored one.
  public var sampleCount: Int { channels * height * width }

  /// `CxHxW`, as in `3x32x32`.
  public var description: String { "\(channels)x\(height)x\(width)" }
}
