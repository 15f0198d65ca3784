import COpenBLAS

/// Of each sample and channel of `x [samples, pixels, channels]` the mean over its pixels and the sum of their squared deviations from it:
/// `moments [samples, 2, channels]`.
///
/// Numbers come from memory once: 1,024 pixels of 32 channels stay near the core until their deviations from about their own mean, and the
/// squares of these, are added, too. Sixteen pixels are added in Float, all else in Double, and rounded once.
/// - Source: Chan, Golub, LeVeque 1979, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances": with the means `m` and
///   sums of squares `s` of n and k numbers, `s + s' + (m' - m)² n k / (n + k)` is the sum of squares of all. And their "Algorithms for
///   Computing the Sample Variance" of 1983: deviations `d` from any center have the sum of squares `Σ d² - (Σ d)² / k` about the mean.
public func sampleMoments(_ x: Input, samples: Int, pixels: Int, channels: Int, _ moments: Output) {
  let block = 32
  let blocks = (channels + block - 1) / block
  Workers.forRanges(samples * blocks, grain: max(1, threadingGrain / max(1, pixels * min(channels, block)))) { range in
    for task in range {
      let (sample, first) = (task / blocks, task % blocks * block)
      let end = min(channels, first + block)
      withUnsafeTemporaryAllocation(of: JoinedMoments.self, capacity: 4) { joined in
        joined.initialize(repeating: JoinedMoments())
        for top in stride(from: 0, to: pixels, by: 1024) {
          let count = min(1024, pixels - top)
          for channel in stride(from: first, to: end, by: 16) {
            let half = (channel - first) / 8
            let column = Column(
              x: x + (sample * pixels + top) * channels + channel, count: count, step: channels, length: min(16, end - channel))
            let center = column.sum / Float(count)
            let (lowCenter, highCenter) = doubles(center)
            let deviations = column.deviations(from: center)
            joined[half].join(count, about: lowCenter, sum: deviations.low, squares: deviations.lowSquares, to: top)
            joined[half + 1].join(count, about: highCenter, sum: deviations.high, squares: deviations.highSquares, to: top)
          }
        }
        let target = moments + sample * 2 * channels
        for channel in first..<end {
          let (half, place) = ((channel - first) / 8, (channel - first) % 8)
          target[channel] = Float(joined[half].mean[place])
          target[channels + channel] = Float(joined[half].squares[place])
        }
      }
    }
  }
}

/// Some pixels of up to sixteen channels.
private struct Column {
  let x: Input
  /// Pixels, numbers from one to the next, channels.
  let count, step, length: Int

  @inline(__always)
  private func lane(_ pixel: Int) -> Lane { length == 16 ? x.lane(pixel * step) : x.lane(pixel * step, count: length) }

  /// About the sum of the numbers.
  var sum: Lane {
    var (even, odd) = (Lane.zero, Lane.zero)
    for pixel in stride(from: 0, to: count - 1, by: 2) {
      // The processor does not see columns coming.
      cblas_prefetch(x + (pixel + 16) * step)
      cblas_prefetch(x + (pixel + 17) * step)
      even += lane(pixel)
      odd += lane(pixel + 1)
    }
    return count % 2 == 0 ? even + odd : even + odd + lane(count - 1)
  }

  /// The sums of the numbers' deviations from `center` and of their squares; what stands beyond the last channel does not matter.
  @inline(__always)
  func deviations(
    from center: Lane
  ) -> (low: SIMD8<Double>, high: SIMD8<Double>, lowSquares: SIMD8<Double>, highSquares: SIMD8<Double>) {
    var (low, high, lowSquares, highSquares) = (SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero)
    for top in stride(from: 0, to: count, by: 16) {
      let bottom = min(count, top + 16)
      var (sum, squares) = (Lane.zero, Lane.zero)
      for pixel in top..<bottom {
        let deviation = lane(pixel) - center
        sum += deviation
        squares.addProduct(deviation, deviation)
      }
      let (firstSum, lastSum) = doubles(sum)
      let (firstSquares, lastSquares) = doubles(squares)
      low += firstSum
      high += lastSum
      lowSquares += firstSquares
      highSquares += lastSquares
    }
    return (low, high, lowSquares, highSquares)
  }
}

/// Mean and sum of squared deviations of eight channels' numbers so far.
private struct JoinedMoments {
  var mean = SIMD8<Double>.zero
  var squares = SIMD8<Double>.zero

  /// Takes in `count` numbers, of which the sums of deviations from `center` and of their squares are given, to `before` that are there.
  @inline(__always)
  mutating func join(
    _ count: Int, about center: SIMD8<Double>, sum: SIMD8<Double>, squares others: SIMD8<Double>, to before: Int
  ) {
    let (n, k) = (Double(before), Double(count))
    let apart = center + sum / k - mean
    squares += others
    squares -= sum * sum / k
    squares += apart * apart * (n * k / (n + k))
    mean += apart * (k / (n + k))
  }
}
