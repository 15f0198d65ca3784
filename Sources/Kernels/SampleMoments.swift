import COpenBLAS

/// Of each sample and channel of `x [samples, pixels, channels]` the mean over its pixels and the sum of their squared deviations from it:
/// `moments [samples, 2, channels]`.
///
/// Numbers come from memory once: 1,024 pixels of 32 channels stay near the core until their deviations from their own mean are added, too.
/// Sixteen pixels are added in Float, all else in Double, and rounded once.
/// - Source: Chan, Golub, LeVeque 1979, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances": with the means `m` and
///   sums of squares `s` of n and k numbers, `s + s' + (m' - m)² n k / (n + k)` is the sum of squares of all.
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
            let (low, high) = column.sums { $0 }
            let (lowMean, highMean) = (low / Double(count), high / Double(count))
            let center = lane(lowMean, highMean)
            let (lowSquares, highSquares) = column.sums { ($0 - center) * ($0 - center) }
            let (lowCenter, highCenter) = doubles(center)
            joined[half].join(count: top, with: lowMean, lowSquares, count, about: lowCenter)
            joined[half + 1].join(count: top, with: highMean, highSquares, count, about: highCenter)
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

  /// The sums of a term of each number; what stands beyond the last channel does not matter.
  @inline(__always)
  func sums(_ term: (Lane) -> Lane) -> (SIMD8<Double>, SIMD8<Double>) {
    var (low, high) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
    for top in stride(from: 0, to: count, by: 16) {
      let bottom = min(count, top + 16)
      var sum = Lane.zero
      for pixel in top..<bottom {
        // The processor does not see columns coming.
        cblas_prefetch(x + (pixel + 16) * step)
        sum += term(length == 16 ? x.lane(pixel * step) : x.lane(pixel * step, count: length))
      }
      let (first, last) = doubles(sum)
      low += first
      high += last
    }
    return (low, high)
  }
}

/// Mean and sum of squared deviations of eight channels' numbers so far.
private struct JoinedMoments {
  var mean = SIMD8<Double>.zero
  var squares = SIMD8<Double>.zero

  /// Takes in `count` numbers with a mean, and sums of squares about `center`, which is the mean as rounded, to `before` that are there.
  @inline(__always)
  mutating func join(
    count before: Int, with other: SIMD8<Double>, _ otherSquares: SIMD8<Double>, _ count: Int, about center: SIMD8<Double>
  ) {
    let (n, k) = (Double(before), Double(count))
    let rounding = other - center
    let apart = other - mean
    squares += otherSquares
    squares -= rounding * rounding * k
    squares += apart * apart * (n * k / (n + k))
    mean += apart * (k / (n + k))
  }
}

/// Sixteen numbers from their halves.
@inline(__always)
private func lane(_ low: SIMD8<Double>, _ high: SIMD8<Double>) -> Lane {
  var lane = Lane.zero
  for i in 0..<8 { (lane[i], lane[i + 8]) = (Float(low[i]), Float(high[i])) }
  return lane
}
