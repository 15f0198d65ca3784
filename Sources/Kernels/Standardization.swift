import COpenBLAS

/// What batch norm and a rectifier make of `[samples, pixels, channels]`:
/// `y = act(gain · x̂ + bias)` with `x̂ = (x - mean) · scale`, where `act` multiplies negative numbers by `slope`.
///
/// One pass over the numbers, and two in the gradient: x̂ is computed again from x instead of being kept.
public struct Standardization {
  /// Sizes of the axes.
  public let samples, pixels, channels: Int
  /// The batch's mean and 1 / standard deviation `[channels]`.
  public let mean, scale: Input
  /// `[channels]`, or `[samples, channels]` where they depend on the sample.
  public let gain, bias: Input
  /// Whether gain and bias depend on the sample.
  public let isPerSample: Bool
  /// Factor of negative numbers: 0 for ReLU, 1 for none.
  public let slope: Float

  /// The pixels that pass through the registers for one lane of channels.
  private static let block = 16

  /// A standardization of these sizes and numbers.
  public init(
    samples: Int, pixels: Int, channels: Int, mean: Input, scale: Input, gain: Input, bias: Input, isPerSample: Bool, slope: Float
  ) {
    (self.samples, self.pixels, self.channels) = (samples, pixels, channels)
    (self.mean, self.scale, self.gain, self.bias) = (mean, scale, gain, bias)
    (self.isPerSample, self.slope) = (isPerSample, slope)
  }

  /// The numbers of one lane of channels of a sample.
  private struct Factors {
    let mean, scale, gain, bias: Lane

    @inline(__always)
    func normal(_ x: Lane) -> Lane { (x - mean) * scale }
    @inline(__always)
    func result(_ normal: Lane) -> Lane { normal * gain + bias }
  }

  @inline(__always)
  private func factors(_ sample: Int, _ channel: Int, _ length: Int) -> Factors {
    let place = (isPerSample ? sample * channels : 0) + channel
    return Factors(
      mean: load(mean, channel, length), scale: load(scale, channel, length), gain: load(gain, place, length),
      bias: load(bias, place, length))
  }

  @inline(__always)
  private func load(_ x: Input, _ index: Int, _ length: Int) -> Lane { length == 16 ? x.lane(index) : x.lane(index, count: length) }

  /// Loads a lane of pixels, and fetches the one of the next block: the processor does not see columns coming.
  @inline(__always)
  private func take(_ x: Input, _ index: Int, _ length: Int) -> Lane {
    cblas_prefetch_later(x + index + Self.block * channels)
    return load(x, index, length)
  }

  /// Writes a lane of pixels, and fetches the line of the next block.
  @inline(__always)
  private func put(_ lane: Lane, _ y: Output, _ index: Int, _ length: Int) {
    cblas_prefetch_to_write(y + index + Self.block * channels)
    if length == 16 { y.store(lane, index) } else { y.store(lane, index, count: length) }
  }

  /// `body(sample, channel, length, first, end)` for each lane of channels of each block of pixels, `first..<end` offsets of its numbers.
  @inline(__always)
  private func forEachLane(_ body: (_ sample: Int, _ channel: Int, _ length: Int, _ first: Int, _ end: Int) -> Void) {
    let blocks = (pixels + Self.block - 1) / Self.block
    Workers.forRanges(samples * blocks, grain: max(1, threadingGrain / max(1, Self.block * channels))) { range in
      for task in range {
        let (sample, top) = (task / blocks, task % blocks * Self.block)
        let bottom = min(pixels, top + Self.block)
        var channel = 0
        while channel < channels {
          let start = sample * pixels * channels + channel
          body(sample, channel, min(16, channels - channel), start + top * channels, start + bottom * channels)
          channel += 16
        }
      }
    }
  }

  /// `y = act(gain · x̂ + bias)`.
  public func forward(_ x: Input, _ y: Output) {
    forEachLane { sample, channel, length, first, end in
      let factors = factors(sample, channel, length)
      for place in stride(from: first, to: end, by: channels) {
        let z = factors.result(factors.normal(take(x, place, length)))
        let result = cblas_choose(z, z, z * slope)
        put(result, y, place, length)
      }
    }
  }

  /// Over the pixels of each sample, the sums of `act'·c` and of `act'·c·x̂` for the cotangent `c`: `[samples, 2, channels]`.
  ///
  /// Sixteen pixels are added in Float, these sums in Double.
  public func sums(_ x: Input, _ c: Input, _ sums: Output) {
    Workers.forEach(samples) { sample in
      withUnsafeTemporaryAllocation(of: SIMD8<Double>.self, capacity: 4) { totals in
        var channel = 0
        while channel < channels {
          let length = min(16, channels - channel)
          let factors = factors(sample, channel, length)
          for index in 0..<4 { totals[index] = .zero }
          var top = 0
          while top < pixels {
            let bottom = min(pixels, top + Self.block)
            var (plain, products) = (Lane.zero, Lane.zero)
            for pixel in top..<bottom {
              let place = (sample * pixels + pixel) * channels + channel
              let normal = factors.normal(take(x, place, length))
              let c = take(c, place, length)
              let gated = cblas_choose(factors.result(normal), c, c * slope)
              plain += gated
              products.addProduct(gated, normal)
            }
            let (low, high) = doubles(plain)
            let (productLow, productHigh) = doubles(products)
            totals[0] += low
            totals[1] += high
            totals[2] += productLow
            totals[3] += productHigh
            top = bottom
          }
          for i in 0..<length {
            sums[sample * 2 * channels + channel + i] = Float(totals[i / 8][i % 8])
            sums[(sample * 2 + 1) * channels + channel + i] = Float(totals[2 + i / 8][i % 8])
          }
          channel += 16
        }
      }
    }
  }

  /// `dx = scale · (gain · act'·c - means[0] - x̂ · means[1])`, where `means` `[2, channels]` are those of `gain · act'·c` and of its
  /// product with x̂ over the global batch.
  public func gradient(_ x: Input, _ c: Input, means: Input, _ dx: Output) {
    forEachLane { sample, channel, length, first, end in
      let factors = factors(sample, channel, length)
      let (mean, slant) = (load(means, channel, length), load(means, channels + channel, length))
      for place in stride(from: first, to: end, by: channels) {
        let normal = factors.normal(take(x, place, length))
        let c = take(c, place, length)
        let gated = cblas_choose(factors.result(normal), c, c * slope)
        let result = factors.scale * (factors.gain * gated - mean - normal * slant)
        put(result, dx, place, length)
      }
    }
  }
}
