public import Images

/// What is done with each image on its way into a data set.
public struct ImagePreparation: Sendable {
  /// What is left out of an image whose shape is not that of the set.
  public enum Crop: String, Sendable, CaseIterable {
    /// What lies outside of the largest part in the middle that has the set's shape.
    case centre
    /// Nothing: the image is distorted.
    case none
  }

  /// Size of the images of the set.
  public let format: ImageFormat
  /// What is left out.
  public let crop: Crop
  /// How sizes are changed; `nil` for area where a side gets smaller, else bilinear.
  public let resampling: Resampling?
  /// Whether images of other sizes are made to fit, rather than refused.
  public let resizes: Bool

  /// A preparation for images of one format.
  public init(format: ImageFormat, crop: Crop = .centre, resampling: Resampling? = nil, resizes: Bool = true) {
    self.format = format
    self.crop = crop
    self.resampling = resampling
    self.resizes = resizes
  }

  /// Fits the picture and writes it as bytes `[channels, height, width]`.
  ///
  /// Channels are converted first where they get fewer, last where they get more.
  /// - Throws: `DatasetError` when the picture has another size and is not to be resized.
  public func apply(_ image: ImportedImage, into planes: UnsafeMutableBufferPointer<UInt8>) throws {
    var picture = image.picture
    let hasSize = picture.width == format.width && picture.height == format.height
    guard resizes || hasSize else {
      throw DatasetError(
        .unsuitable, path: image.place,
        "the image has \(picture.width) x \(picture.height) pixels, those before it \(format.width) x \(format.height);"
          + " give --size to make all of one size")
    }
    if picture.channels > format.channels { picture = picture.converted(toChannels: format.channels) }
    if !hasSize {
      let part =
        crop == .centre ? PicturePart(centreOf: picture, shape: format.width, format.height) : PicturePart(allOf: picture)
      let shrinks = part.width > format.width || part.height > format.height
      picture = picture.resized(part, width: format.width, height: format.height, by: resampling ?? (shrinks ? .area : .bilinear))
    }
    unsafe picture.converted(toChannels: format.channels).fill(planes: planes)
  }
}
