extension Picture {
  /// The picture as it is shown beside others, in 1, 3 or 4 channels.
  ///
  /// Two channels count as grey of the first; grey is copied to all colours; what has no alpha is opaque.
  /// - Precondition: `count` is 1, 3 or 4, and no smaller than `shownChannels`.
  func shown(in count: Int) -> Picture {
    precondition(
      [1, 3, 4].contains(count) && count >= shownChannels, "Picture: \(channels) channels cannot be shown in \(count)")
    if count == channels { return self }
    var samples: [UInt8] = []
    samples.reserveCapacity(width * height * count)
    for start in stride(from: 0, to: pixels.count, by: channels) {
      for channel in 0..<min(count, 3) { samples.append(pixels[start + (channels < 3 ? 0 : channel)]) }
      if count == 4 { samples.append(255) }
    }
    return Picture(width: width, height: height, channels: count, pixels: samples)
  }

  /// Channels needed to show the picture: 1, 3 or 4.
  var shownChannels: Int { channels == 2 ? 1 : channels }

  /// Copies all of `other` to the place whose upper left corner is (`x`, `y`).
  /// - Precondition: the same channels, and `other` fits there.
  mutating func draw(_ other: Picture, x: Int, y: Int) {
    precondition(other.channels == channels, "draw: \(other.channels) channels onto \(channels)")
    precondition(
      x >= 0 && y >= 0 && x + other.width <= width && y + other.height <= height,
      "draw: \(other.width) x \(other.height) at (\(x), \(y)) does not fit into \(width) x \(height)")
    let length = other.width * channels
    for row in 0..<other.height {
      let start = ((y + row) * width + x) * channels
      pixels.replaceSubrange(start..<start + length, with: other.pixels[row * length..<(row + 1) * length])
    }
  }
}
