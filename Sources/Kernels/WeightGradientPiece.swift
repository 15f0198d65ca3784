/// Some tiles of one leaf whose products are summed before they are turned into weights.
struct WeightGradientPiece {
  let leaf: Int
  /// Its tiles' places in the list of all leaves' tiles.
  let tiles: Range<Int>
  /// Whether this is the first and whether it is the last piece of its leaf.
  let isFirst, isLast: Bool
  /// Whether tiles are transformed along their rows only.
  ///
  /// Then there are as many lines of products as rows of taps, each of up to four terms a tile: more products, but what the sums of a leaf
  /// cost does not depend on its tiles, and of these there are half as many.
  let goesByLines: Bool
}

/// The tiles of all leaves of a weight gradient, in order, and the pieces they are summed in: of each leaf a function of its tiles alone.
struct WeightGradientPieces<Transform: WinogradTransform> {
  /// Two rows that meet in a row of taps: of a tile's window and of its cotangents.
  struct Term {
    let tile, row, cotangentRow: Int
  }

  private(set) var tiles: [Int] = []
  private(set) var pieces: [WeightGradientPiece] = []
  /// The terms of the pieces that go by lines, and where those of each line begin: by piece, source and row of taps.
  private(set) var terms: [Term] = []
  private(set) var lines: [Range<Int>] = []
  /// Of each piece, its first line.
  private(set) var firstLines: [Int] = []
  private var pieceOfTile: [Int] = []

  /// Tiles of a leaf up to which it goes by lines.
  private static var fewTiles: Int { Transform.taps == 3 ? 2 : 3 }
  /// Tiles of a piece: those of a line, of 16 input and 16 output channels, stay near the core.
  private static var mostTiles: Int { 64 }

  /// A leaf without tiles has one piece, whose sums are zero.
  init(_ leaves: [[Range<Int>]], _ grid: WinogradTiles<Transform>, _ sources: [WinogradSource], _ target: PixelLattice) {
    for (leaf, segments) in leaves.enumerated() {
      let first = tiles.count
      for segment in segments { tiles += (segment.lowerBound * grid.count)..<(segment.upperBound * grid.count) }
      let end = tiles.count
      let goesByLines = end - first <= Self.fewTiles
      for start in first == end ? [first] : Array(stride(from: first, to: end, by: Self.mostTiles)) {
        let range = start..<min(end, start + Self.mostTiles)
        pieces.append(
          WeightGradientPiece(
            leaf: leaf, tiles: range, isFirst: start == first, isLast: range.upperBound == end, goesByLines: goesByLines))
        firstLines.append(lines.count)
        pieceOfTile += range.map { _ in pieces.count - 1 }
        if goesByLines { appendLines(of: range, grid, sources, target) }
      }
    }
  }

  /// The piece of the tile at a place in the list.
  func piece(of place: Int) -> WeightGradientPiece { pieces[pieceOfTile[place]] }

  /// The terms of one piece, where both rows lie inside the images.
  private mutating func appendLines(
    of range: Range<Int>, _ grid: WinogradTiles<Transform>, _ sources: [WinogradSource], _ target: PixelLattice
  ) {
    for source in sources {
      for tap in 0..<Transform.taps {
        let start = terms.count
        for (index, tile) in tiles[range].enumerated() {
          let first = grid.place(tile).row
          for row in 0..<Transform.tile {
            let (read, written) = (source.pixels.top + (first + row + tap) * source.pixels.step, first + row)
            if read >= 0 && read < source.pixels.height && written < target.height {
              terms.append(Term(tile: index, row: row + tap, cotangentRow: row))
            }
          }
        }
        lines.append(start..<terms.count)
      }
    }
  }
}
