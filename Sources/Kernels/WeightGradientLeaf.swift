/// The tiles of one leaf, and how their products are summed: a function of their number alone.
struct WeightGradientLeaf {
  /// Its tiles' places in the list of all leaves' tiles.
  let tiles: Range<Int>
  let form: Form

  enum Form {
    /// Tiles are transformed along their rows only.
    ///
    /// Then there are as many lines of products as rows of taps, each of up to four terms a tile: more products, but what the sums of a leaf
    /// cost does not depend on its tiles, and of these there are half as many.
    case lines
    /// In registers, four input channels and a line of positions at a time.
    case registers
    /// By products of matrices, some tiles at a time.
    case panel
  }
}

/// The tiles of all leaves of a weight gradient, in order.
struct WeightGradientLeaves<Transform: WinogradTransform> {
  /// Two rows that meet in a row of taps: of a tile's window and of its cotangents.
  struct Term {
    let tile, row, cotangentRow: Int
  }

  private(set) var tiles: [Int] = []
  private(set) var leaves: [WeightGradientLeaf] = []
  /// The terms of the leaves that go by lines, and where those of each line begin: by leaf, source and row of taps.
  private(set) var terms: [Term] = []
  private(set) var lines: [Range<Int>] = []
  /// Of each leaf, its first line.
  private(set) var firstLines: [Int] = []
  private var leafOfTile: [Int] = []

  /// Tiles of a leaf up to which it goes by lines.
  private static var fewTiles: Int { Transform.taps == 3 ? 2 : 3 }
  /// Tiles of a leaf from which on it goes by panels: small ones are only used where images have many.
  private static var manyTiles: Int { Transform.tile == 4 ? 64 : 1 }

  /// A leaf without tiles has sums of zero.
  init(_ leaves: [[Range<Int>]], _ grid: WinogradTiles<Transform>, _ sources: [WinogradSource], _ target: PixelLattice) {
    for (leaf, segments) in leaves.enumerated() {
      let first = tiles.count
      for segment in segments { tiles += (segment.lowerBound * grid.count)..<(segment.upperBound * grid.count) }
      let range = first..<tiles.count
      let form: WeightGradientLeaf.Form =
        range.count >= Self.manyTiles ? .panel : range.count <= Self.fewTiles ? .lines : .registers
      self.leaves.append(WeightGradientLeaf(tiles: range, form: form))
      firstLines.append(lines.count)
      leafOfTile += range.map { _ in leaf }
      if form == .lines { appendLines(of: range, grid, sources, target) }
    }
  }

  /// The leaf of the tile at a place in the list.
  func leaf(of place: Int) -> WeightGradientLeaf { leaves[leafOfTile[place]] }

  /// The terms of one leaf, where both rows lie inside the images.
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
