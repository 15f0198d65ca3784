/// The images that one rank trains on in one step, or in one draw of it.
public struct ImageBatch: Sendable {
  /// Values `[count, height, width, channels]` in -1...1: `byte / 127.5 - 1`.
  public let images: [Float]
  /// Class of each image; empty when the set has none.
  public let labels: [Int32]
  /// Places of the images in the endless sequence of epochs.
  public let positions: Range<Int>
  /// Size of each image.
  public let format: ImageFormat

  /// Number of images.
  public var count: Int { positions.count }

  /// Reads the images at the given places.
  /// - Throws: `DatasetError` when an image cannot be had.
  init(_ positions: Range<Int>, of source: any ImageSource, order: SampleOrder, flips: Bool) throws {
    let format = source.format
    let indices = order.indices(at: positions)
    var bytes = [UInt8](repeating: 0, count: format.sampleCount)
    images = try unsafe [Float](unsafeUninitializedCapacity: positions.count * format.sampleCount) { values, initialized in
      for (offset, index) in indices.enumerated() {
        try unsafe bytes.withUnsafeMutableBufferPointer { try unsafe source.read(index, into: $0) }
        let mirrored = flips && order.isFlipped(at: positions.lowerBound + offset)
        unsafe bytes.withUnsafeBufferPointer { planes in
          unsafe Self.interleave(planes, format, mirrored: mirrored, into: values.baseAddress! + initialized)
        }
        initialized += format.sampleCount
      }
    }
    labels = source.labels.map { labels in indices.map { labels[$0] } } ?? []
    self.positions = positions
    self.format = format
  }

  /// The value of every byte: a look-up is faster than a division, and gives the same bits.
  private static let values: [Float] = (0..<256).map { Float($0) / 127.5 - 1 }

  /// Turns bytes `[channels, height, width]` into values `[height, width, channels]`.
  private static func interleave(
    _ planes: UnsafeBufferPointer<UInt8>, _ format: ImageFormat, mirrored: Bool, into target: UnsafeMutablePointer<Float>
  ) {
    let (channels, width) = (format.channels, format.width)
    // Sound: every index lies below channels * height * width, the size of both buffers, and every byte below 256.
    unsafe values.withUnsafeBufferPointer { values in
      for channel in 0..<channels {
        for row in 0..<format.height {
          let first = (channel * format.height + row) * width
          var place = mirrored ? first + width - 1 : first
          let step = mirrored ? -1 : 1
          var index = row * width * channels + channel
          for _ in 0..<width {
            unsafe (target + index).initialize(to: values[Int(planes[place])])
            place &+= step
            index &+= channels
          }
        }
      }
    }
  }
}
