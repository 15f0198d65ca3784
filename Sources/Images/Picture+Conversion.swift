extension Picture {
  /// The picture in another number of channels.
  ///
  /// Colour becomes grey as 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), grey becomes colour by copying, transparent parts are laid on
  /// white where alpha is not kept, and what has no alpha is opaque. Samples are taken as they are stored (no gamma).
  /// - Precondition: 1 to 4 channels.
  public func converted(toChannels count: Int) -> Picture {
    precondition((1...4).contains(count), "Picture: 1 to 4 channels, got \(count)")
    if count == channels { return self }
    let samples = unsafe [UInt8](unsafeUninitializedCapacity: width * height * count) { target, filled in
      // Sound: both buffers hold width * height pixels of their number of channels, and the loop visits each once.
      unsafe pixels.withUnsafeBufferPointer { source in
        for pixel in 0..<width * height {
          unsafe Self.convert(
            source.baseAddress! + pixel &* channels, channels, into: target.baseAddress! + pixel &* count, count)
        }
      }
      filled = width * height * count
    }
    return Picture(width: width, height: height, channels: count, pixels: samples)
  }

  /// Converts one pixel.
  @inline(__always)
  private static func convert(
    _ source: UnsafePointer<UInt8>, _ channels: Int, into target: UnsafeMutablePointer<UInt8>, _ count: Int
  ) {
    let (isGrey, hasAlpha) = (channels < 3, channels & 1 == 0)
    var red = unsafe UInt32(source[0])
    var green = unsafe isGrey ? red : UInt32(source[1])
    var blue = unsafe isGrey ? red : UInt32(source[2])
    let alpha = unsafe hasAlpha ? UInt32(source[channels - 1]) : 255
    let keepsAlpha = count & 1 == 0
    if !keepsAlpha && alpha < 255 {
      let white = (255 - alpha) * 255 + 127
      red = (red * alpha + white) / 255
      green = (green * alpha + white) / 255
      blue = (blue * alpha + white) / 255
    }
    if count < 3 {
      // Weights in units of 1/65536; of equal colours they give the same grey.
      unsafe target[0] = UInt8(truncatingIfNeeded: isGrey ? red : (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16)
    } else {
      unsafe target[0] = UInt8(truncatingIfNeeded: red)
      unsafe target[1] = UInt8(truncatingIfNeeded: green)
      unsafe target[2] = UInt8(truncatingIfNeeded: blue)
    }
    if keepsAlpha { unsafe target[count - 1] = UInt8(truncatingIfNeeded: alpha) }
  }

  /// The samples as planes `[channels, height, width]`, as data sets keep them.
  /// - Parameter planes: `pixels.count` bytes, filled.
  public func fill(planes: UnsafeMutableBufferPointer<UInt8>) {
    precondition(planes.count == pixels.count, "Picture: \(planes.count) bytes for \(pixels.count) samples")
    let area = width * height
    // Sound: every index lies below channels * area, the size of both buffers.
    unsafe pixels.withUnsafeBufferPointer { source in
      let (source, target) = (source.baseAddress!, planes.baseAddress!)
      switch channels {
      case 1: unsafe target.update(from: source, count: area)
      case 3:
        for pixel in 0..<area {
          unsafe target[pixel] = unsafe source[pixel &* 3]
          unsafe target[area &+ pixel] = unsafe source[pixel &* 3 &+ 1]
          unsafe target[area &* 2 &+ pixel] = unsafe source[pixel &* 3 &+ 2]
        }
      default:
        for channel in 0..<channels {
          for pixel in 0..<area { unsafe target[channel &* area &+ pixel] = unsafe source[pixel &* channels &+ channel] }
        }
      }
    }
  }
}
