/// A rectangle of whole pixels in a picture.
public struct PicturePart: Sendable, Hashable {
  /// Left edge, counted from the left.
  public var x: Int
  /// Upper edge, counted from the top.
  public var y: Int
  /// Pixels in a row.
  public var width: Int
  /// Rows.
  public var height: Int

  /// A rectangle.
  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// All of a picture.
  public init(allOf picture: Picture) { self.init(x: 0, y: 0, width: picture.width, height: picture.height) }

  /// The largest part in the middle of a picture that has the shape of `width` x `height`, to the nearest pixel; at least one pixel.
  /// An odd rest goes right and down.
  public init(centreOf picture: Picture, shape width: Int, _ height: Int) {
    precondition(width > 0 && height > 0, "PicturePart: sides must be positive, got \(width) x \(height)")
    let isTooWide = picture.width * height > picture.height * width
    let partWidth = isTooWide ? max(1, (2 * picture.height * width + height) / (2 * height)) : picture.width
    let partHeight = isTooWide ? picture.height : max(1, (2 * picture.width * height + width) / (2 * width))
    self.init(x: (picture.width - partWidth) / 2, y: (picture.height - partHeight) / 2, width: partWidth, height: partHeight)
  }
}
