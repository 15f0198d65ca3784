/// Output size of an unpadded window.
@inline(__always)
private func pooled(_ size: Int, _ window: Int, _ stride: Int) -> Int { (size - window) / stride + 1 }

/// Means over `window x window` squares: `y` is `[samples, (height - window) / stride + 1, …, channels]`.
public func averagePool(samples: Int, height: Int, width: Int, channels: Int, window: Int, stride: Int, _ x: Input, _ y: Output) {
  let outputHeight = pooled(height, window, stride)
  let outputWidth = pooled(width, window, stride)
  let factor = 1 / Float(window * window)
  let rowSize = outputWidth * channels
  Workers.forRanges(samples * outputHeight, grain: max(1, threadingGrain / max(1, rowSize * window * window))) { range in
    for task in range {
      let sample = x + (task / outputHeight) * height * width * channels
      let top = (task % outputHeight) * stride
      for column in 0..<outputWidth {
        let target = y + task * rowSize + column * channels
        let corner = sample + (top * width + column * stride) * channels
        for c in 0..<channels { target[c] = corner[c] }
        for i in 1..<window * window {
          let source = corner + (i / window * width + i % window) * channels
          for c in 0..<channels { target[c] += source[c] }
        }
        for c in 0..<channels { target[c] *= factor }
      }
    }
  }
}

/// The adjoint of `averagePool`: spreads each cotangent evenly over its window. `height` and `width` are those of the input, `dx`.
public func averagePoolGradient(
  samples: Int, height: Int, width: Int, channels: Int, window: Int, stride: Int, _ c: Input, _ dx: Output
) {
  let outputHeight = pooled(height, window, stride)
  let outputWidth = pooled(width, window, stride)
  let factor = 1 / Float(window * window)
  let rowSize = width * channels
  Workers.forRanges(samples * height, grain: max(1, threadingGrain / max(1, rowSize))) { range in
    for task in range {
      let row = task % height
      let cotangents = c + (task / height) * outputHeight * outputWidth * channels
      let target = dx + task * rowSize
      target.update(repeating: 0, count: rowSize)
      let first = max(0, (row - window + stride) / stride)
      let last = min(outputHeight - 1, row / stride)
      for oy in first..<max(first, last + 1) {
        for ox in 0..<outputWidth {
          let source = cotangents + (oy * outputWidth + ox) * channels
          for dxColumn in 0..<window {
            let pixel = target + (ox * stride + dxColumn) * channels
            for i in 0..<channels { pixel[i] += factor * source[i] }
          }
        }
      }
    }
  }
}

/// The windows of one sample and the first of the largest pixels of each, channel by channel.
private struct LargestOfWindows {
  let width, channels, stride: Int
  let outputWidth: Int
  /// Distance from a window's first pixel to each of its pixels.
  private let offsets: [Int]

  init(width: Int, channels: Int, window: Int, stride: Int) {
    (self.width, self.channels, self.stride) = (width, channels, stride)
    outputWidth = pooled(width, window, stride)
    offsets = (0..<window * window).map { ($0 / window * width + $0 % window) * channels }
  }

  /// For one row of windows of a sample: `many(first number of the input's window, of the output)` for sixteen channels at once, `one` with
  /// the index of the window's largest pixel for single channels beyond.
  @inline(__always)
  private func forRow(
    _ row: Int, _ x: Input, many: (_ corner: Int, _ target: Int) -> Void, one: (_ corner: Int, _ target: Int, _ which: Int) -> Void
  ) {
    for column in 0..<outputWidth {
      let corner = (row * stride * width + column * stride) * channels
      let target = (row * outputWidth + column) * channels
      var channel = 0
      while channel + 16 <= channels {
        many(corner + channel, target + channel)
        channel += 16
      }
      while channel < channels {
        var which = 0
        for index in 1..<offsets.count where x[corner + offsets[index] + channel] > x[corner + offsets[which] + channel] { which = index }
        one(corner + channel, target + channel, which)
        channel += 1
      }
    }
  }

  /// `y = v` at the largest of each window of a row.
  func select(_ row: Int, _ x: Input, _ v: Input, _ y: Output) {
    forRow(row, x) { corner, target in
      var (best, chosen) = (x.lane(corner), v.lane(corner))
      for index in 1..<offsets.count {
        let candidate = x.lane(corner + offsets[index])
        let isLarger = candidate .> best
        best.replace(with: candidate, where: isLarger)
        chosen.replace(with: v.lane(corner + offsets[index]), where: isLarger)
      }
      y.store(chosen, target)
    } one: { corner, target, which in
      y[target] = v[corner + offsets[which]]
    }
  }

  /// `dx += c` at the largest of each window of a row.
  func scatter(_ row: Int, _ x: Input, _ c: Input, _ dx: Output) {
    forRow(row, x) { corner, target in
      var best = x.lane(corner)
      var which = Lane.zero
      for index in 1..<offsets.count {
        let candidate = x.lane(corner + offsets[index])
        let isLarger = candidate .> best
        best.replace(with: candidate, where: isLarger)
        which.replace(with: Lane(repeating: Float(index)), where: isLarger)
      }
      let cotangent = c.lane(target)
      for index in 0..<offsets.count {
        let place = corner + offsets[index]
        dx.store(dx.lane(place) + Lane.zero.replacing(with: cotangent, where: which .== Float(index)), place)
      }
    } one: { corner, target, which in
      dx[corner + offsets[which]] += c[target]
    }
  }
}

/// Picks `v` at the first largest element of `x` in each window: `x` and `v` `[samples, height, width, channels]`.
///
/// With `v = x` it is maximum pooling; with a tangent of `x` it is its derivative.
public func maximumPoolSelect(
  samples: Int, height: Int, width: Int, channels: Int, window: Int, stride: Int, _ x: Input, _ v: Input, _ y: Output
) {
  let windows = LargestOfWindows(width: width, channels: channels, window: window, stride: stride)
  let rows = pooled(height, window, stride)
  let (size, outputSize) = (height * width * channels, rows * windows.outputWidth * channels)
  let grain = max(1, threadingGrain / max(1, windows.outputWidth * channels * window * window))
  Workers.forRanges(samples * rows, grain: grain) { range in
    for task in range {
      let sample = task / rows
      windows.select(task % rows, x + sample * size, v + sample * size, y + sample * outputSize)
    }
  }
}

/// The adjoint of `maximumPoolSelect` in `v`: adds `c` at the first largest element of `x` in each window.
public func maximumPoolScatter(
  samples: Int, height: Int, width: Int, channels: Int, window: Int, stride: Int, _ x: Input, _ c: Input, _ dx: Output
) {
  let windows = LargestOfWindows(width: width, channels: channels, window: window, stride: stride)
  let rows = pooled(height, window, stride)
  let (size, outputSize) = (height * width * channels, rows * windows.outputWidth * channels)
  // Windows may overlap, so that a sample's are added by one thread in order.
  Workers.forRanges(samples, grain: max(1, threadingGrain / max(1, size))) { range in
    for sample in range {
      (dx + sample * size).update(repeating: 0, count: size)
      for row in 0..<rows { windows.scatter(row, x + sample * size, c + sample * outputSize, dx + sample * size) }
    }
  }
}

/// Repeats each pixel `factor x factor` times (nearest neighbour); `height` and `width` are those of `x`.
public func upsample(samples: Int, height: Int, width: Int, channels: Int, factor: Int, _ x: Input, _ y: Output) {
  let rowSize = width * factor * channels
  Workers.forRanges(samples * height, grain: max(1, threadingGrain / max(1, rowSize * factor))) { range in
    for row in range {
      let target = y + row * factor * rowSize
      for column in 0..<width {
        let source = x + (row * width + column) * channels
        for i in 0..<factor { (target + (column * factor + i) * channels).update(from: source, count: channels) }
      }
      for i in 1..<max(factor, 1) { (target + i * rowSize).update(from: target, count: rowSize) }
    }
  }
}

/// The adjoint of `upsample`: sums of `factor x factor` blocks; `height` and `width` are those of the small result.
public func upsampleGradient(samples: Int, height: Int, width: Int, channels: Int, factor: Int, _ c: Input, _ dx: Output) {
  let rowSize = width * factor * channels
  Workers.forRanges(samples * height, grain: max(1, threadingGrain / max(1, rowSize * factor))) { range in
    for row in range {
      for column in 0..<width {
        let target = dx + (row * width + column) * channels
        let corner = c + row * factor * rowSize + column * factor * channels
        for i in 0..<channels { target[i] = corner[i] }
        for block in 1..<max(factor * factor, 1) {
          let source = corner + block / factor * rowSize + block % factor * channels
          for i in 0..<channels { target[i] += source[i] }
        }
      }
    }
  }
}
