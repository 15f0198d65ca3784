/// The transforms of Winograd's F(4x4, 3x3) with the points 0, ±α, ±β for α = 5/8, β = 3/2, one lane of channels at a time.
///
/// `Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A` gives 4x4 outputs from 6x6 inputs with 36 products instead of 144. The powers of these points are
/// closer to 1 than those of the usual ±1, ±2, at the same work: rounding over 64 channels is 7.5e-7 (root mean square) instead of 1.7e-6.
/// All coefficients but G's are exact in Float.
/// - Source: Lavin, Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.3. https://arxiv.org/abs/1509.09308
///   How rounding depends on the points: Barabasz et al. 2020, "Error Analysis and Improving the Accuracy of Winograd Convolution for
///   Deep Neural Networks". https://arxiv.org/abs/1803.10986
enum Winograd {
  /// Outputs of a tile on a side.
  static let tile = 4
  /// Inputs of a tile on a side.
  static let window = 6
  /// Products of a tile.
  static let positions = 36

  /// The points α and β, their squares, and the products of differences that G divides by: `α²β²`, `2α²(α² - β²)`, `2β²(β² - α²)`.
  private static var alpha: Float { 0.625 }
  private static var beta: Float { 1.5 }
  private static var alpha2: Float { 0.390625 }
  private static var beta2: Float { 2.25 }
  private static var scale0: Float { 256 / 225 }
  private static var scaleAlpha: Float { -2048 / 2975 }
  private static var scaleBeta: Float { 128 / 1071 }

  /// `x + factor · y`, rounded once.
  @inline(__always)
  private static func sum(_ x: Lane, _ factor: Float, _ y: Lane) -> Lane { x.addingProduct(Lane(repeating: factor), y) }

  /// Six values times Bᵀ.
  @inline(__always)
  static func input(_ a: Lane, _ b: Lane, _ c: Lane, _ d: Lane, _ e: Lane, _ f: Lane) -> (Lane, Lane, Lane, Lane, Lane, Lane) {
    let (evenAlpha, oddAlpha) = (sum(e, -beta2, c), sum(d, -beta2, b))
    let (evenBeta, oddBeta) = (sum(e, -alpha2, c), sum(d, -alpha2, b))
    let (square, product): (Float, Float) = (alpha2 + beta2, alpha2 * beta2)
    return (
      sum(sum(e, -square, c), product, a), sum(evenAlpha, alpha, oddAlpha), sum(evenAlpha, -alpha, oddAlpha),
      sum(evenBeta, beta, oddBeta), sum(evenBeta, -beta, oddBeta), sum(sum(f, -square, d), product, b)
    )
  }

  /// Six values times Aᵀ.
  @inline(__always)
  static func output(_ a: Lane, _ b: Lane, _ c: Lane, _ d: Lane, _ e: Lane, _ f: Lane) -> (Lane, Lane, Lane, Lane) {
    let (s, m, p, q) = (b + c, b - c, d + e, d - e)
    return (a + s + p, sum(q * beta, alpha, m), sum(p * beta2, alpha2, s), sum(sum(f, alpha * alpha2, m), beta * beta2, q))
  }

  /// Three values times G.
  @inline(__always)
  static func weight(_ a: Lane, _ b: Lane, _ c: Lane) -> (Lane, Lane, Lane, Lane, Lane, Lane) {
    let (evenAlpha, evenBeta) = (sum(a, alpha2, c), sum(a, beta2, c))
    return (
      a * scale0, sum(evenAlpha, alpha, b) * scaleAlpha, sum(evenAlpha, -alpha, b) * scaleAlpha, sum(evenBeta, beta, b) * scaleBeta,
      sum(evenBeta, -beta, b) * scaleBeta, c
    )
  }

  /// Four values times A: the adjoint of `output`.
  @inline(__always)
  static func outputAdjoint(_ a: Lane, _ b: Lane, _ c: Lane, _ d: Lane) -> (Lane, Lane, Lane, Lane, Lane, Lane) {
    let (evenAlpha, oddAlpha) = (sum(a, alpha2, c), sum(b, alpha2, d))
    let (evenBeta, oddBeta) = (sum(a, beta2, c), sum(b, beta2, d))
    return (
      a, sum(evenAlpha, alpha, oddAlpha), sum(evenAlpha, -alpha, oddAlpha), sum(evenBeta, beta, oddBeta), sum(evenBeta, -beta, oddBeta), d
    )
  }

  /// Six values times Gᵀ: the adjoint of `weight`.
  @inline(__always)
  static func weightAdjoint(_ a: Lane, _ b: Lane, _ c: Lane, _ d: Lane, _ e: Lane, _ f: Lane) -> (Lane, Lane, Lane) {
    let (s, m) = ((b + c) * scaleAlpha, (b - c) * scaleAlpha)
    let (p, q) = ((d + e) * scaleBeta, (d - e) * scaleBeta)
    return (sum(s + p, scale0, a), sum(q * beta, alpha, m), sum(sum(f, beta2, p), alpha2, s))
  }
}

/// The tiles of all samples of a convolution, numbered sample by sample, row by row.
struct WinogradTiles {
  let geometry: ConvolutionGeometry
  let rows: Int
  let columns: Int

  init(_ geometry: ConvolutionGeometry) {
    self.geometry = geometry
    rows = (geometry.outputHeight + Winograd.tile - 1) / Winograd.tile
    columns = (geometry.outputWidth + Winograd.tile - 1) / Winograd.tile
  }

  /// Tiles of one sample.
  var count: Int { rows * columns }

  /// `Bᵀ d B` of a tile of `x`, written to `v[position · positionStride + channel]`; of some channels, numbered from 0.
  func transformInput(_ x: Input, tile: Int, channels: Range<Int>? = nil, zeros: Input, _ v: Output, positionStride: Int) {
    let g = geometry
    let (sample, place) = (tile / count, tile % count)
    let (top, left) = (place / columns * Winograd.tile - g.padTop, place % columns * Winograd.tile - g.padLeft)
    let channels = channels ?? 0..<g.inputChannels
    let image = x + sample * g.inputSize + channels.lowerBound
    withUnsafeTemporaryAllocation(of: Input.self, capacity: Winograd.positions) { sources in
      for i in 0..<6 {
        for j in 0..<6 {
          let (row, column) = (top + i, left + j)
          let isInside = row >= 0 && row < g.height && column >= 0 && column < g.width
          sources[i * 6 + j] = isInside ? image + (row * g.width + column) * g.inputChannels : zeros
        }
      }
      transform(channels: channels.count, v, positionStride: positionStride) { i, j, channel in sources[i * 6 + j].lane(channel) }
    }
  }

  /// Rows and columns transformed by Bᵀ; `value(i, j, channel)` is the lane of pixel (i, j) of the window.
  @inline(__always)
  private func transform(channels: Int, _ v: Output, positionStride: Int, _ value: (Int, Int, Int) -> Lane) {
    withUnsafeTemporaryAllocation(of: Lane.self, capacity: Winograd.positions) { d in
      var channel = 0
      while channel < channels {
        for j in 0..<6 {
          let r = Winograd.input(
            value(0, j, channel), value(1, j, channel), value(2, j, channel), value(3, j, channel), value(4, j, channel),
            value(5, j, channel))
          (d[j], d[6 + j], d[12 + j], d[18 + j], d[24 + j], d[30 + j]) = r
        }
        for i in 0..<6 {
          let r = Winograd.input(d[i * 6], d[i * 6 + 1], d[i * 6 + 2], d[i * 6 + 3], d[i * 6 + 4], d[i * 6 + 5])
          let target = v + i * 6 * positionStride + channel
          target.store(r.0, 0)
          target.store(r.1, positionStride)
          target.store(r.2, 2 * positionStride)
          target.store(r.3, 3 * positionStride)
          target.store(r.4, 4 * positionStride)
          target.store(r.5, 5 * positionStride)
        }
        channel += 16
      }
    }
  }

  /// `Aᵀ m A` of a tile, written to the pixels of `y` that exist; of some channels, which `m` numbers from 0.
  func transformOutput(_ m: Input, positionStride: Int, tile: Int, channels: Range<Int>? = nil, _ y: Output) {
    let g = geometry
    let (sample, place) = (tile / count, tile % count)
    let (top, left) = (place / columns * Winograd.tile, place % columns * Winograd.tile)
    let channels = channels ?? 0..<g.outputChannels
    let image = y + sample * g.outputSize + channels.lowerBound
    let (height, width) = (min(4, g.outputHeight - top), min(4, g.outputWidth - left))
    withUnsafeTemporaryAllocation(of: Lane.self, capacity: 24) { d in
      var channel = 0
      while channel < channels.count {
        let source = m + channel
        for j in 0..<6 {
          let r = Winograd.output(
            source.lane(j * positionStride), source.lane((6 + j) * positionStride), source.lane((12 + j) * positionStride),
            source.lane((18 + j) * positionStride), source.lane((24 + j) * positionStride), source.lane((30 + j) * positionStride))
          (d[j], d[6 + j], d[12 + j], d[18 + j]) = r
        }
        for i in 0..<height {
          let r = Winograd.output(d[i * 6], d[i * 6 + 1], d[i * 6 + 2], d[i * 6 + 3], d[i * 6 + 4], d[i * 6 + 5])
          let target = image + ((top + i) * g.outputWidth + left) * g.outputChannels + channel
          target.store(r.0, 0)
          if width > 1 { target.store(r.1, g.outputChannels) }
          if width > 2 { target.store(r.2, 2 * g.outputChannels) }
          if width > 3 { target.store(r.3, 3 * g.outputChannels) }
        }
        channel += 16
      }
    }
  }

  /// `A dy Aᵀ` of a tile of cotangents, written to `u[position · positionStride + channel]`; of some channels, numbered from 0. Pixels
  /// beyond the image are zero.
  func transformCotangent(_ dy: Input, tile: Int, channels: Range<Int>, zeros: Input, _ u: Output, positionStride: Int) {
    let g = geometry
    let (sample, place) = (tile / count, tile % count)
    let (top, left) = (place / columns * Winograd.tile, place % columns * Winograd.tile)
    let image = dy + sample * g.outputSize + channels.lowerBound
    withUnsafeTemporaryAllocation(of: Input.self, capacity: 16) { sources in
      for i in 0..<4 {
        for j in 0..<4 {
          let (row, column) = (top + i, left + j)
          let isInside = row < g.outputHeight && column < g.outputWidth
          sources[i * 4 + j] = isInside ? image + (row * g.outputWidth + column) * g.outputChannels : zeros
        }
      }
      withUnsafeTemporaryAllocation(of: Lane.self, capacity: 24) { d in
        var channel = 0
        while channel < channels.count {
          for j in 0..<4 {
            let r = Winograd.outputAdjoint(
              sources[j].lane(channel), sources[4 + j].lane(channel), sources[8 + j].lane(channel), sources[12 + j].lane(channel))
            (d[j], d[4 + j], d[8 + j], d[12 + j], d[16 + j], d[20 + j]) = r
          }
          for i in 0..<6 {
            let r = Winograd.outputAdjoint(d[i * 4], d[i * 4 + 1], d[i * 4 + 2], d[i * 4 + 3])
            let target = u + i * 6 * positionStride + channel
            target.store(r.0, 0)
            target.store(r.1, positionStride)
            target.store(r.2, 2 * positionStride)
            target.store(r.3, 3 * positionStride)
            target.store(r.4, 4 * positionStride)
            target.store(r.5, 5 * positionStride)
          }
          channel += 16
        }
      }
    }
  }
}
