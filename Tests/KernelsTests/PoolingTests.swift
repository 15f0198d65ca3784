import Kernels
import Testing

/// Batch, height, width, channels, window, stride: also overlapping windows, windows with gaps, and leftover pixels.
private let shapes = [
  (2, 4, 6, 3, 2, 2), (1, 7, 5, 17, 3, 2), (3, 9, 8, 1, 2, 3), (2, 5, 5, 4, 5, 1), (1, 64, 64, 33, 2, 2), (2, 3, 3, 2, 1, 1),
]

/// `body(input index, output index)` for every pixel of every window, in row-major order of the window.
private func forWindows(_ n: Int, _ h: Int, _ w: Int, _ c: Int, _ window: Int, _ stride: Int, _ body: (Int, Int) -> Void) {
  let (oh, ow) = ((h - window) / stride + 1, (w - window) / stride + 1)
  for s in 0..<n {
    for oy in 0..<oh {
      for ox in 0..<ow {
        for channel in 0..<c {
          for i in 0..<window * window {
            let (y, x) = (oy * stride + i / window, ox * stride + i % window)
            body(((s * h + y) * w + x) * c + channel, ((s * oh + oy) * ow + ox) * c + channel)
          }
        }
      }
    }
  }
}

@Test(arguments: shapes) func `pooling and its adjoints equal naive loops`(
  _ n: Int, _ h: Int, _ w: Int, _ c: Int, _ window: Int, _ stride: Int
) {
  let inputs = n * h * w * c
  let outputs = n * ((h - window) / stride + 1) * ((w - window) / stride + 1) * c
  // Whole numbers make ties, of which the first counts.
  let x = integers(inputs), v = samples(inputs, seed: 2), d = samples(outputs, seed: 3)
  var average = [Double](repeating: 0, count: outputs)
  var averageGradient = [Double](repeating: 0, count: inputs)
  var best = [Int](repeating: -1, count: outputs)
  let area = Double(window * window)
  forWindows(n, h, w, c, window, stride) { i, o in
    average[o] += Double(v[i]) / area
    averageGradient[i] += Double(d[o]) / area
    if best[o] < 0 || x[i] > x[best[o]] { best[o] = i }
  }
  var scattered = [Double](repeating: 0, count: inputs)
  for o in 0..<outputs { scattered[best[o]] += Double(d[o]) }
  expectClose(
    output(outputs) { unsafe averagePool(samples: n, height: h, width: w, channels: c, window: window, stride: stride, v, $0) }, average)
  expectClose(
    output(inputs) { unsafe averagePoolGradient(samples: n, height: h, width: w, channels: c, window: window, stride: stride, d, $0) },
    averageGradient)
  let picked = output(outputs) {
    unsafe maximumPoolSelect(samples: n, height: h, width: w, channels: c, window: window, stride: stride, x, v, $0)
  }
  expectSame(picked, best.map { v[$0] })
  expectClose(
    output(inputs) {
      unsafe maximumPoolScatter(samples: n, height: h, width: w, channels: c, window: window, stride: stride, x, d, $0)
    }, scattered, within: 1e-6)
}

@Test(arguments: [(1, 1, 1, 1, 3), (2, 3, 5, 7, 2), (1, 40, 40, 32, 2), (2, 4, 3, 2, 1)])
func `upsampling repeats pixels and its adjoint sums blocks`(_ n: Int, _ h: Int, _ w: Int, _ c: Int, _ factor: Int) {
  let small = n * h * w * c
  let large = small * factor * factor
  let x = samples(small), d = samples(large, seed: 2)
  let origin = (0..<large).map { index in
    let (channel, column) = (index % c, index / c % (w * factor))
    let row = index / (c * w * factor)
    return (row / factor * w + column / factor) * c + channel
  }
  expectSame(output(large) { unsafe upsample(samples: n, height: h, width: w, channels: c, factor: factor, x, $0) }, origin.map { x[$0] })
  var sums = [Double](repeating: 0, count: small)
  for (index, from) in origin.enumerated() { sums[from] += Double(d[index]) }
  expectClose(output(small) { unsafe upsampleGradient(samples: n, height: h, width: w, channels: c, factor: factor, d, $0) }, sums)
}
