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

/// Runs `body(pixel index in the input, index in the output)` for the first largest element of each window, channel by channel.
@inline(__always)
private func forLargest(
  sample: Int, height: Int, width: Int, channels: Int, window: Int, stride: Int, _ x: Input, _ body: (Int, Int) -> Void
) {
  let outputHeight = pooled(height, window, stride)
  let outputWidth = pooled(width, window, stride)
  for oy in 0..<outputHeight {
    for ox in 0..<outputWidth {
      let corner = ((sample * height + oy * stride) * width + ox * stride) * channels
      let target = ((sample * outputHeight + oy) * outputWidth + ox) * channels
      for c in 0..<channels {
        var best = corner + c
        for i in 1..<window * window {
          let candidate = corner + (i / window * width + i % window) * channels + c
          if x[candidate] > x[best] { best = candidate }
        }
        body(best, target + c)
      }
    }
  }
}

/// Picks `v` at the first largest element of `x` in each window: `x` and `v` `[samples, height, width, channels]`.
///
/// With `v = x` it is maximum pooling; with a tangent of `x` it is its derivative.
public func maximumPoolSelect(
  samples: Int, height: Int, width: Int, channels: Int, window: Int, stride: Int, _ x: Input, _ v: Input, _ y: Output
) {
  Workers.forRanges(samples, grain: max(1, threadingGrain / max(1, height * width * channels))) { range in
    for sample in range {
      forLargest(sample: sample, height: height, width: width, channels: channels, window: window, stride: stride, x) {
        y[$1] = v[$0]
      }
    }
  }
}

/// The adjoint of `maximumPoolSelect` in `v`: adds `c` at the first largest element of `x` in each window.
public func maximumPoolScatter(
  samples: Int, height: Int, width: Int, channels: Int, window: Int, stride: Int, _ x: Input, _ c: Input, _ dx: Output
) {
  let size = height * width * channels
  Workers.forRanges(samples, grain: max(1, threadingGrain / max(1, size))) { range in
    for sample in range {
      (dx + sample * size).update(repeating: 0, count: size)
      forLargest(sample: sample, height: height, width: width, channels: channels, window: window, stride: stride, x) {
        dx[$0] += c[$1]
      }
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
