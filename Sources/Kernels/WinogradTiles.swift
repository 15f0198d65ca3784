import COpenBLAS

/// Every `step`-th pixel of an image on both axes, from pixel (top, left) on, which may lie outside.
struct PixelLattice {
  /// Size of the image.
  var height, width, channels: Int
  var step = 1
  var top = 0
  var left = 0

  /// Numbers in one image.
  var size: Int { height * width * channels }
  /// How far apart pixels of the lattice lie, one below the other and side by side.
  var rowStep: Int { step &* width &* channels }
  var pixelStep: Int { step &* channels }
  /// How many rows and columns of the lattice lie inside, counted from (0, 0), which must.
  var rows: Int { (height - top + step - 1) / step }
  var columns: Int { (width - left + step - 1) / step }

  /// Where the channels of a pixel of the lattice begin; nil outside the image.
  @inline(__always)
  func offset(_ row: Int, _ column: Int) -> Int? {
    let (y, x) = (top &+ row &* step, left &+ column &* step)
    return y >= 0 && y < height && x >= 0 && x < width ? (y &* width &+ x) &* channels : nil
  }
}

/// How the lanes of a transformed tile are written.
enum TileLayout {
  /// As numbers.
  case numbers
  /// As terms of one sum: in words of the transform's operands.
  case terms
  /// With the numbers that lie there, those of another tile, as words of both.
  case secondTerms
}

/// The square tiles of a lattice of pixels, of all samples, numbered sample by sample, row by row.
struct WinogradTiles<Transform: WinogradTransform> {
  /// Tiles of one sample.
  let rows, columns: Int

  /// Tiles that cover the lattice.
  init(_ target: PixelLattice) {
    rows = (target.rows + Transform.tile - 1) / Transform.tile
    columns = (target.columns + Transform.tile - 1) / Transform.tile
  }

  /// Tiles of one sample.
  var count: Int { rows * columns }

  /// The sample of a tile and its first pixel's row and column in the lattice.
  @inline(__always)
  func place(_ tile: Int) -> (sample: Int, row: Int, column: Int) {
    let (sample, place) = (tile / count, tile % count)
    return (sample, place / columns * Transform.tile, place % columns * Transform.tile)
  }

  /// `Bᵀ d B` of a tile's window of `x`, written to `v[position · positionStride + channel]`; of some channels, numbered from 0.
  ///
  /// - Parameters:
  ///   - lineStep: how far apart lines of `window` positions are written, if they do not follow one another.
  ///   - groupStep: how far apart groups of 16 channels are written, if they do not follow one another.
  ///   - byLines: whether the window is transformed along its rows only, as `d B`.
  func transformInput(
    _ source: PixelLattice, _ x: Input, tile: Int, channels: Range<Int>, zeros: Input, _ v: Output, positionStride: Int,
    lineStep: Int? = nil, groupStep: Int? = nil, byLines: Bool = false, layout: TileLayout = .numbers
  ) {
    transform(
      source, x, tile: tile, side: Transform.window, channels: channels, zeros: zeros, .input, v, positionStride: positionStride,
      lineStep: lineStep ?? Transform.window * positionStride, groupStep: groupStep, byLines: byLines, layout: layout)
  }

  /// `A dy Aᵀ` of a tile of cotangents, written to `u[position · positionStride + channel]`; of some channels, numbered from 0. Pixels
  /// beyond the image are zero. The rest as above.
  func transformCotangent(
    _ target: PixelLattice, _ dy: Input, tile: Int, channels: Range<Int>, zeros: Input, _ u: Output, positionStride: Int,
    lineStep: Int? = nil, groupStep: Int? = nil, byLines: Bool = false, layout: TileLayout = .numbers
  ) {
    transform(
      target, dy, tile: tile, side: Transform.tile, channels: channels, zeros: zeros, .outputAdjoint, u,
      positionStride: positionStride, lineStep: lineStep ?? Transform.window * positionStride, groupStep: groupStep, byLines: byLines,
      layout: layout)
  }

  @inline(__always)
  private func transform(
    _ lattice: PixelLattice, _ x: Input, tile: Int, side: Int, channels: Range<Int>, zeros: Input,
    _ matrix: WinogradMatrix, _ v: Output, positionStride: Int, lineStep: Int, groupStep: Int?, byLines: Bool, layout: TileLayout
  ) {
    if Transform.Operands.terms == 1 || layout == .numbers {
      return transform(
        lattice, x, tile: tile, side: side, channels: channels, zeros: zeros, matrix, v, positionStride: positionStride,
        lineStep: lineStep, groupStep: groupStep ?? 16, byLines: byLines
      ) { $0.store($1, 0) }
    }
    if layout == .terms {
      return transform(
        lattice, x, tile: tile, side: side, channels: channels, zeros: zeros, matrix, v, positionStride: positionStride,
        lineStep: lineStep, groupStep: groupStep ?? 16 / Transform.Operands.terms, byLines: false
      ) { Transform.Operands.store($0, $1) }
    }
    transform(
      lattice, x, tile: tile, side: side, channels: channels, zeros: zeros, matrix, v, positionStride: positionStride,
      lineStep: lineStep, groupStep: groupStep ?? 16, byLines: false
    ) { $0.store(Transform.Operands.words($0.lane(0), $1), 0) }
  }

  @inline(__always)
  private func transform(
    _ lattice: PixelLattice, _ x: Input, tile: Int, side: Int, channels: Range<Int>, zeros: Input,
    _ matrix: WinogradMatrix, _ v: Output, positionStride: Int, lineStep: Int, groupStep: Int, byLines: Bool,
    store: (Output, Lane) -> Void
  ) {
    let place = place(tile)
    let image = x + place.sample * lattice.size + channels.lowerBound
    if let corner = lattice.offset(place.row, place.column), lattice.offset(place.row + side - 1, place.column + side - 1) != nil {
      let (corner, rowStep, pixelStep) = (image + corner, lattice.rowStep, lattice.pixelStep)
      return transform(matrix, channels.count, v, positionStride, lineStep, groupStep, byLines, store: store) { i, j, channel in
        corner.lane(i &* rowStep &+ j &* pixelStep &+ channel)
      }
    }
    withUnsafeTemporaryAllocation(of: Input.self, capacity: 36) { sources in
      for i in 0..<side {
        for j in 0..<side { sources[i &* side &+ j] = lattice.offset(place.row + i, place.column + j).map { image + $0 } ?? zeros }
      }
      transform(matrix, channels.count, v, positionStride, lineStep, groupStep, byLines, store: store) { i, j, channel in
        sources[i &* side &+ j].lane(channel)
      }
    }
  }

  /// The same from `pixel(row, column, channel)` of a window, sixteen channels from `channel` on.
  @inline(__always)
  private func transform(
    _ matrix: WinogradMatrix, _ channels: Int, _ v: Output, _ positionStride: Int, _ lineStep: Int, _ groupStep: Int, _ byLines: Bool,
    store: (Output, Lane) -> Void, pixel: (Int, Int, Int) -> Lane
  ) {
    Transform.withColumns { d in
      for channel in stride(from: 0, to: channels, by: 16) {
        let target = v + channel / 16 * groupStep
        if byLines {
          Transform.applyByLines(matrix) {
            pixel($0, $1, channel)
          } _: {
            store(target + ($0 &* lineStep &+ $1 &* positionStride), $2)
          }
        } else {
          Transform.apply(matrix, d) {
            pixel($0, $1, channel)
          } _: {
            store(target + ($0 &* lineStep &+ $1 &* positionStride), $2)
          }
        }
      }
    }
  }

  /// Fetches the pixels of a tile's window that its left neighbour does not have.
  @inline(__always)
  func fetch(_ source: PixelLattice, _ x: Input, tile: Int) {
    let place = place(tile)
    let image = x + place.sample * source.size
    for i in 0..<Transform.window {
      for j in (place.column == 0 ? 0 : Transform.window - Transform.tile)..<Transform.window {
        guard let offset = source.offset(place.row + i, place.column + j) else { continue }
        for line in stride(from: 0, to: source.channels, by: 16) { cblas_prefetch_later(image + offset + line) }
      }
    }
  }

  /// Fetches the pixels of some tiles in all sources, counted from `first`.
  func fetch(_ sources: [WinogradSource], _ x: Input, tiles: Range<Int>, from first: Int) {
    for tile in tiles {
      for index in sources.indices { fetch(sources[index].pixels, x, tile: first + tile) }
    }
  }

  /// Fetches the pixels of a tile.
  @inline(__always)
  func fetchTile(_ target: PixelLattice, _ y: Input, tile: Int, toWrite: Bool) {
    let place = place(tile)
    let image = y + place.sample * target.size
    for i in 0..<Transform.tile {
      for j in 0..<Transform.tile {
        guard let offset = target.offset(place.row + i, place.column + j) else { continue }
        for line in stride(from: 0, to: target.channels, by: 16) {
          if toWrite { cblas_prefetch_to_write(image + offset + line) } else { cblas_prefetch_later(image + offset + line) }
        }
      }
    }
  }

  /// `Aᵀ m A + bias` of a tile, written to the pixels of `y` that exist, or without bias added to them; of some channels, which `m` numbers
  /// from 0.
  func transformOutput(
    _ m: Input, positionStride: Int, tile: Int, channels: Range<Int>, bias: Input?, accumulate: Bool, _ target: PixelLattice,
    _ y: Output
  ) {
    let place = place(tile)
    let image = y + place.sample * target.size + channels.lowerBound
    let (height, width) = (min(Transform.tile, target.rows - place.row), min(Transform.tile, target.columns - place.column))
    let (rowStep, pixelStep) = (target.rowStep, target.pixelStep)
    Transform.withColumns { d in
      var channel = 0
      while channel < channels.count {
        let offset = bias.map { $0.lane(channels.lowerBound + channel) } ?? .zero
        let (source, corner) = (m + channel, image + (target.offset(place.row, place.column) ?? 0) + channel)
        Transform.apply(.output, d, rows: height) {
          source.lane(($0 &* Transform.window &+ $1) &* positionStride)
        } _: { i, j, lane in
          if j >= width { return }
          let pixel = i &* rowStep &+ j &* pixelStep
          corner.store(lane + (accumulate ? corner.lane(pixel) : offset), pixel)
        }
        channel += 16
      }
    }
  }
}
