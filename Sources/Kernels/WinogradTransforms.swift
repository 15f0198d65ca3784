/// The transforms of Winograd's F(4x4, 3x3) with the points 0, ±1, ±2, one lane of channels at a time.
///
/// `Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A` gives 4x4 outputs from 6x6 inputs with 36 products instead of 144.
/// - Source: Lavin, Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.3. https://arxiv.org/abs/1509.09308
enum Winograd {
  /// Outputs of a tile on a side.
  static let tile = 4
  /// Inputs of a tile on a side.
  static let window = 6
  /// Products of a tile.
  static let positions = 36

  /// Six values times Bᵀ.
  @inline(__always)
  static func input(_ a: Lane, _ b: Lane, _ c: Lane, _ d: Lane, _ e: Lane, _ f: Lane) -> (Lane, Lane, Lane, Lane, Lane, Lane) {
    let odd = d - 4 * b
    let even = e - 4 * c
    let difference = 2 * (d - b)
    let rest = e - c
    return (4 * a - 5 * c + e, even + odd, even - odd, rest + difference, rest - difference, 4 * b - 5 * d + f)
  }

  /// Six values times Aᵀ.
  @inline(__always)
  static func output(_ a: Lane, _ b: Lane, _ c: Lane, _ d: Lane, _ e: Lane, _ f: Lane) -> (Lane, Lane, Lane, Lane) {
    let (s, m, p, q) = (b + c, b - c, d + e, d - e)
    return (a + s + p, m + 2 * q, s + 4 * p, m + 8 * q + f)
  }

  /// Three values times G.
  @inline(__always)
  static func weight(_ a: Lane, _ b: Lane, _ c: Lane) -> (Lane, Lane, Lane, Lane, Lane, Lane) {
    let sixth: Lane = (a + c) * (-1 / 6)
    let middle = b * (1 / 6)
    let outer: Lane = a * (1 / 24) + c * (1 / 6)
    let half = b * (1 / 12)
    return (a * 0.25, sixth - middle, sixth + middle, outer + half, outer - half, c)
  }

  /// Four values times A: the adjoint of `output`.
  @inline(__always)
  static func outputAdjoint(_ a: Lane, _ b: Lane, _ c: Lane, _ d: Lane) -> (Lane, Lane, Lane, Lane, Lane, Lane) {
    let (even, odd) = (a + c, b + d)
    let (wide, steep) = (a + 4 * c, 2 * b + 8 * d)
    return (a, even + odd, even - odd, wide + steep, wide - steep, d)
  }

  /// Six values times Gᵀ: the adjoint of `weight`.
  @inline(__always)
  static func weightAdjoint(_ a: Lane, _ b: Lane, _ c: Lane, _ d: Lane, _ e: Lane, _ f: Lane) -> (Lane, Lane, Lane) {
    let (s, m, p, q) = (b + c, c - b, d + e, d - e)
    return (a * 0.25 - s * (1 / 6) + p * (1 / 24), m * (1 / 6) + q * (1 / 12), (p - s) * (1 / 6) + f)
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

  /// `Bᵀ d B` of a tile of `x`, written to `v[position · positionStride + channel]`.
  func transformInput(_ x: Input, tile: Int, zeros: Input, _ v: Output, positionStride: Int) {
    let g = geometry
    let (sample, place) = (tile / count, tile % count)
    let (top, left) = (place / columns * Winograd.tile - g.padTop, place % columns * Winograd.tile - g.padLeft)
    let image = x + sample * g.inputSize
    withUnsafeTemporaryAllocation(of: Input.self, capacity: Winograd.positions) { sources in
      for i in 0..<6 {
        for j in 0..<6 {
          let (row, column) = (top + i, left + j)
          let isInside = row >= 0 && row < g.height && column >= 0 && column < g.width
          sources[i * 6 + j] = isInside ? image + (row * g.width + column) * g.inputChannels : zeros
        }
      }
      transform(channels: g.inputChannels, v, positionStride: positionStride) { i, j, channel in sources[i * 6 + j].lane(channel) }
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

  /// `Aᵀ m A` of a tile, written to the pixels of `y` that exist.
  func transformOutput(_ m: Input, positionStride: Int, tile: Int, _ y: Output) {
    let g = geometry
    let (sample, place) = (tile / count, tile % count)
    let (top, left) = (place / columns * Winograd.tile, place % columns * Winograd.tile)
    let image = y + sample * g.outputSize
    let (height, width) = (min(4, g.outputHeight - top), min(4, g.outputWidth - left))
    withUnsafeTemporaryAllocation(of: Lane.self, capacity: 24) { d in
      var channel = 0
      while channel < g.outputChannels {
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

  /// `A dy Aᵀ` of a tile of cotangents, written to `u[position · positionStride + channel]`; pixels beyond the image are zero.
  func transformCotangent(_ dy: Input, tile: Int, zeros: Input, _ u: Output, positionStride: Int) {
    let g = geometry
    let (sample, place) = (tile / count, tile % count)
    let (top, left) = (place / columns * Winograd.tile, place % columns * Winograd.tile)
    let image = dy + sample * g.outputSize
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
        while channel < g.outputChannels {
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
