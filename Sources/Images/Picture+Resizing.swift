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
    precondition(width > 0 && height > 0, "resize: sides must be positive, got \(width) x \(height)")
    if width == self.width && height == self.height { return self }
    let source = pixels.map(Float.init)
    let across = Taps(from: self.width, to: width, resampling)
      .applied(to: source, outer: self.height, inner: channels)
    let both = Taps(from: self.height, to: height, resampling)
      .applied(to: across, outer: 1, inner: width * channels)
    // Weights add up to one but for rounding, so only rounding can leave 0...255.
    let samples = both.map { UInt8(min(max($0.rounded(), 0), 255)) }
    return Picture(width: width, height: height, channels: channels, pixels: samples)
  }
}

/// The weights by which one axis is resampled: new pixel `i` is the weighted sum of old pixels from `first[i]` on.
private struct Taps {
  let sourceCount: Int
  var first: [Int] = []
  var weights: [[Float]] = []

  init(from old: Int, to new: Int, _ resampling: Resampling) {
    sourceCount = old
    for target in 0..<new {
      switch resampling {
      case .area:
        // In units of 1/new of an old pixel, to be exact: the new pixel covers [target·old, (target + 1)·old).
        let low = target * old
        let high = low + old
        first.append(low / new)
        weights.append(
          (low / new...(high - 1) / new).map { pixel in
            Float(min(high, (pixel + 1) * new) - max(low, pixel * new)) / Float(old)
          })
      case .bilinear:
        let position = (Double(target) + 0.5) * Double(old) / Double(new) - 0.5
        let clamped = min(max(position, 0), Double(old - 1))
        let left = min(Int(clamped), max(0, old - 2))
        let fraction = Float(clamped - Double(left))
        first.append(left)
        weights.append(old == 1 ? [1] : [1 - fraction, fraction])
      }
    }
  }

  /// Resamples the middle axis of `[outer, sourceCount, inner]`.
  func applied(to source: [Float], outer: Int, inner: Int) -> [Float] {
    var result = [Float](repeating: 0, count: outer * first.count * inner)
    for block in 0..<outer {
      for target in first.indices {
        let output = (block * first.count + target) * inner
        for (step, weight) in weights[target].enumerated() where weight != 0 {
          let input = (block * sourceCount + first[target] + step) * inner
          for index in 0..<inner { result[output + index] += weight * source[input + index] }
        }
      }
    }
    return result
  }
}
