public import Datasets

/// Images of noise that are drawn when they are read: a data set without a file, to measure steps on.
public struct RandomImages: ImageSource {
  /// `random`.
  public let name = "random"
  /// Size of every image.
  public let format: ImageFormat
  /// Number of images.
  public let count: Int
  /// Class of each image: all classes in turn.
  public let labels: [Int32]?
  /// Classes have no names.
  public let classNames: [String]? = nil
  /// The same for all such sets, which are for runs that leave nothing behind.
  public let fingerprint: UInt64 = 0

  /// A set of noise.
  /// - Parameters:
  ///   - format: size and channels of the images.
  ///   - count: number of images, at least one for each class.
  ///   - classes: classes, which follow each other; nil for images without labels.
  public init(_ format: ImageFormat, count: Int, classes: Int?) {
    self.format = format
    self.count = max(count, classes ?? 1)
    labels = classes.map { classes in (0..<max(count, classes)).map { Int32($0 % classes) } }
  }

  /// Draws image `index`, the same one each time.
  public func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    // SplitMix64, started at a place of its own for each image.
    var state = UInt64(index) &* 0x2545_f491_4f6c_dd1d
    var word: UInt64 = 0
    for place in buffer.indices {
      if place % 8 == 0 {
        state &+= 0x9e37_79b9_7f4a_7c15
        word = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        word ^= word >> 31
      }
      unsafe buffer[place] = UInt8(truncatingIfNeeded: word >> UInt64(place % 8 * 8))
    }
  }
}
