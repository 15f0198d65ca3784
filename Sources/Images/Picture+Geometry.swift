extension Picture {
  /// The part of `width` x `height` pixels whose upper left corner is at (`x`, `y`).
  /// - Precondition: the part lies within the picture.
  public func cropped(x: Int, y: Int, width: Int, height: Int) -> Picture {
    precondition(
      x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= self.width && y + height <= self.height,
      "crop: \(width) x \(height) at (\(x), \(y)) does not lie within \(self.width) x \(self.height)")
    var samples: [UInt8] = []
    samples.reserveCapacity(width * height * channels)
    for row in y..<y + height {
      let start = (row * self.width + x) * channels
      samples += pixels[start..<start + width * channels]
    }
    return Picture(width: width, height: height, channels: channels, pixels: samples)
  }

  /// The middle part of `width` x `height` pixels; an odd rest goes right and down.
  /// - Precondition: the part is no larger than the picture.
  public func centreCropped(width: Int, height: Int) -> Picture {
    precondition(
      width <= self.width && height <= self.height,
      "centre crop: \(width) x \(height) is larger than \(self.width) x \(self.height)")
    return cropped(x: (self.width - width) / 2, y: (self.height - height) / 2, width: width, height: height)
  }

  /// The largest square in the middle.
  public func centreSquare() -> Picture {
    centreCropped(width: min(width, height), height: min(width, height))
  }

  /// Every pixel repeated `factor` times in both directions.
  /// - Precondition: `factor > 0`.
  public func enlarged(_ factor: Int) -> Picture {
    precondition(factor > 0, "enlarge: the factor must be positive, got \(factor)")
    if factor == 1 { return self }
    var samples: [UInt8] = []
    samples.reserveCapacity(pixels.count * factor * factor)
    for row in 0..<height {
      var line: [UInt8] = []
      line.reserveCapacity(width * channels * factor)
      for column in 0..<width {
        let start = (row * width + column) * channels
        for _ in 0..<factor { line += pixels[start..<start + channels] }
      }
      for _ in 0..<factor { samples += line }
    }
    return Picture(width: width * factor, height: height * factor, channels: channels, pixels: samples)
  }
}
