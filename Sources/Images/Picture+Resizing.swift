/// How a resized pixel is made of the old ones.
public enum Resampling: String, Sendable, CaseIterable {
  /// The mean of the area the new pixel covers; the right one for making smaller.
  case area
  /// Linear between the two nearest pixel centres, `source = (target + ½) · old/new − ½`, clamped to the edge.
  /// The right one for making larger; smaller pictures by less than half alias.
  case bilinear
}

extension Picture {
  /// The picture at another size; a different aspect ratio distorts.
  ///
  /// Every channel is resampled by itself, rounded to the nearest value; samples are taken as they are (no gamma).
  /// - Precondition: sides of at least one pixel.
  public func resized(width: Int, height: Int, by resampling: Resampling) -> Picture {
    resized(PicturePart(allOf: self), width: width, height: height, by: resampling)
  }

  /// A part of the picture at another size.
  /// - Precondition: sides of at least one pixel; the part lies within the picture.
  public func resized(_ part: PicturePart, width: Int, height: Int, by resampling: Resampling) -> Picture {
    precondition(width > 0 && height > 0, "resize: sides must be positive, got \(width) x \(height)")
    if width == part.width && height == part.height {
      return part == PicturePart(allOf: self) ? self : cropped(x: part.x, y: part.y, width: width, height: height)
    }
    precondition(
      part.x >= 0 && part.y >= 0 && part.width > 0 && part.height > 0 && part.x + part.width <= self.width
        && part.y + part.height <= self.height,
      "resize: \(part.width) x \(part.height) at (\(part.x), \(part.y)) does not lie within \(self.width) x \(self.height)")
    let down = Taps(from: part.height, to: height, resampling)
    let across = Taps(from: part.width, to: width, resampling)
    let (stride, rowLength) = (self.width * channels, part.width * channels)
    let samples = unsafe [UInt8](unsafeUninitializedCapacity: width * height * channels) { target, count in
      // Sound: taps name rows and columns of the part only, which was checked to lie within the picture.
      unsafe pixels.withUnsafeBufferPointer { pixels in
        unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: rowLength) { row in
          let corner = unsafe pixels.baseAddress! + part.y * stride + part.x * channels
          for line in 0..<height {
            unsafe down.blend(line, of: corner, stride: stride, length: rowLength, into: row.baseAddress!)
            unsafe across.blend(row.baseAddress!, channels, into: target.baseAddress! + line * width * channels)
          }
        }
      }
      count = width * height * channels
    }
    return Picture(width: width, height: height, channels: channels, pixels: samples)
  }
}

/// The weights by which one axis is resampled: new pixel `i` is the weighted sum of the old ones from `first[i]` on, with
/// `weights[start[i]..<start[i + 1]]`.
private struct Taps {
  private var first: [Int] = []
  private var start: [Int] = [0]
  private var weights: [Float] = []

  init(from old: Int, to new: Int, _ resampling: Resampling) {
    first.reserveCapacity(new)
    start.reserveCapacity(new + 1)
    for target in 0..<new {
      switch resampling {
      case .area:
        // In units of 1/new of an old pixel, to be exact: the new pixel covers [target·old, (target + 1)·old).
        let low = target * old
        let high = low + old
        first.append(low / new)
        for pixel in low / new...(high - 1) / new {
          weights.append(Float(min(high, (pixel + 1) * new) - max(low, pixel * new)) / Float(old))
        }
      case .bilinear:
        let position = (Double(target) + 0.5) * Double(old) / Double(new) - 0.5
        let clamped = min(max(position, 0), Double(old - 1))
        let left = min(Int(clamped), max(0, old - 2))
        let fraction = Float(clamped - Double(left))
        first.append(left)
        weights += old == 1 ? [1] : [1 - fraction, fraction]
      }
      start.append(weights.count)
    }
  }

  /// Weighted sum of rows: row `line` of the new picture, in the old columns.
  func blend(_ line: Int, of rows: UnsafePointer<UInt8>, stride: Int, length: Int, into sum: UnsafeMutablePointer<Float>) {
    for tap in start[line]..<start[line + 1] {
      let weight = weights[tap]
      let row = unsafe rows + (first[line] + tap - start[line]) * stride
      if tap == start[line] {
        for index in 0..<length { unsafe sum[index] = unsafe weight * Float(row[index]) }
      } else {
        for index in 0..<length { unsafe sum[index] += unsafe weight * Float(row[index]) }
      }
    }
  }

  /// Weighted sums of the pixels of one row, rounded.
  func blend(_ row: UnsafePointer<Float>, _ channels: Int, into target: UnsafeMutablePointer<UInt8>) {
    // Sound: `start` has one element more than `first`.
    unsafe weights.withUnsafeBufferPointer { weights in
      unsafe start.withUnsafeBufferPointer { start in
        for pixel in 0..<first.count {
          let (low, high) = unsafe (start[pixel], start[pixel + 1])
          let old = unsafe row + first[pixel] * channels
          let new = unsafe target + pixel * channels
          if channels == 3 {
            var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
            for tap in low..<high {
              let (weight, place) = unsafe (weights[tap], (tap &- low) &* 3)
              unsafe red += weight * old[place]
              unsafe green += weight * old[place &+ 1]
              unsafe blue += weight * old[place &+ 2]
            }
            unsafe new[0] = Self.rounded(red)
            unsafe new[1] = Self.rounded(green)
            unsafe new[2] = Self.rounded(blue)
            continue
          }
          for channel in 0..<channels {
            var sum: Float = 0
            for tap in low..<high { unsafe sum += weights[tap] * old[(tap &- low) &* channels &+ channel] }
            unsafe new[channel] = Self.rounded(sum)
          }
        }
      }
    }
  }

  /// The nearest byte. Weights add up to one but for rounding, so only rounding can leave 0...255.
  @inline(__always)
  private static func rounded(_ value: Float) -> UInt8 { UInt8(truncatingIfNeeded: Int32(min(value, 255) + 0.5)) }
}
