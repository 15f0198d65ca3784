/// How a stored picture has to be turned to be upright, as cameras note it: the eight ways of Exif's tag `Orientation`.
///
/// - Source: CIPA DC-008-2023 (Exif 3.0), section 4.6.5.1.4, tag 0x0112: on which side of the scene the first row and the first column of the
///   stored picture lie.
public enum Orientation: Int, Sendable, CaseIterable {
  /// Row 0 is at the top, column 0 at the left: as it is stored.
  case topLeft = 1
  /// Row 0 top, column 0 right: mirrored.
  case topRight
  /// Row 0 bottom, column 0 right: turned over.
  case bottomRight
  /// Row 0 bottom, column 0 left: upside down and mirrored.
  case bottomLeft
  /// Row 0 left, column 0 top: rows are columns.
  case leftTop
  /// Row 0 right, column 0 top: turned to the left.
  case rightTop
  /// Row 0 right, column 0 bottom.
  case rightBottom
  /// Row 0 left, column 0 bottom: turned to the right.
  case leftBottom

  /// Whether stored rows are columns of the upright picture.
  var isTransposed: Bool { rawValue >= 5 }
  /// Whether stored columns are to be counted from the end.
  var reversesColumns: Bool { [.topRight, .bottomRight, .rightBottom, .leftBottom].contains(self) }
  /// Whether stored rows are to be counted from the end.
  var reversesRows: Bool { [.bottomRight, .bottomLeft, .rightTop, .rightBottom].contains(self) }
}

extension Picture {
  /// The picture upright, if it was stored so.
  public func upright(from orientation: Orientation) -> Picture {
    if orientation == .topLeft { return self }
    let isTransposed = orientation.isTransposed
    let (newWidth, newHeight) = isTransposed ? (height, width) : (width, height)
    // From one pixel of the new picture to the next one: along a stored row, or from row to row.
    let column = orientation.reversesColumns ? -1 : 1
    let row = orientation.reversesRows ? -width : width
    let first = (orientation.reversesColumns ? width - 1 : 0) + (orientation.reversesRows ? (height - 1) * width : 0)
    let (across, down) = isTransposed ? (row, column) : (column, row)
    let samples = unsafe [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
      // Sound: (x, y) stands for each pixel of the source once, and both buffers hold as many.
      unsafe pixels.withUnsafeBufferPointer { source in
        for y in 0..<newHeight {
          for x in 0..<newWidth {
            let (old, new) = ((first + x * across + y * down) * channels, (y * newWidth + x) * channels)
            for channel in 0..<channels { unsafe target[new &+ channel] = unsafe source[old &+ channel] }
          }
        }
      }
      count = pixels.count
    }
    return Picture(width: newWidth, height: newHeight, channels: channels, pixels: samples)
  }
}
