extension Picture {
  /// A picture of planes `[channels, height, width]`, as data sets keep them.
  /// - Precondition: as many bytes as samples, 1 to 4 channels.
  public init(planes: some RandomAccessCollection<UInt8>, width: Int, height: Int, channels: Int) {
    let area = width * height
    precondition(planes.count == area * channels, "Picture: \(planes.count) bytes for \(width) x \(height) x \(channels)")
    let source = Array(planes)
    guard channels > 1 else {
      self.init(width: width, height: height, channels: channels, pixels: source)
      return
    }
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: source.count) { target, count in
      // Sound: every index lies below channels * area, the size of both buffers.
      unsafe source.withUnsafeBufferPointer { source in
        for channel in 0..<channels {
          for pixel in 0..<area { unsafe target[pixel &* channels &+ channel] = unsafe source[channel &* area &+ pixel] }
        }
      }
      count = source.count
    }
    self.init(width: width, height: height, channels: channels, pixels: pixels)
  }
}
