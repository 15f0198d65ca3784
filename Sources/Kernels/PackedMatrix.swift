/// The right-hand side B `[terms, columns]` of products `C (+)= A B`, copied in the order in which `TileProduct` reads it: runs of up to 256
/// terms, each in blocks of 32 columns (last: 16), with zeros beyond the last column.
///
/// An element adds its terms in ascending order whatever rows and columns are computed with it.
struct PackedMatrix {
  let terms, columns: Int
  let memory: Output

  /// Terms of a run: a block of 32 columns then takes 32 KiB and stays in the first-level cache.
  private static let run = 256
  /// Rows of A that are taken together, so that a run of them stays in the second-level cache.
  private static let rowBlock = 192

  private static func padded(_ columns: Int) -> Int { (columns + 15) / 16 * 16 }
  /// Numbers that a packed matrix needs.
  static func size(terms: Int, columns: Int) -> Int { terms * padded(columns) }

  /// - Parameter memory: room for `size` numbers.
  init(terms: Int, columns: Int, memory: Output) {
    self.terms = terms
    self.columns = columns
    self.memory = memory
  }

  private var width: Int { Self.padded(columns) }

  /// Copies B, whose rows lie `step` apart.
  func pack(_ b: Input, step: Int) {
    for first in stride(from: 0, to: terms, by: Self.run) {
      let count = min(Self.run, terms - first)
      for column in stride(from: 0, to: width, by: 32) {
        let (room, full) = (min(32, width - column), min(32, columns - column))
        var target = memory + first * width + column * count
        var source = b + first * step + column
        for _ in 0..<count {
          if full == 32 {
            target.store(source.lane(0), 0)
            target.store(source.lane(16), 16)
          } else {
            target.update(from: source, count: full)
            (target + full).update(repeating: 0, count: room - full)
          }
          target += room
          source += step
        }
      }
    }
  }

  /// `C = A B`, or added to C, for all rows of A, whose element (row, term) lies at `row · rowStep + term · termStep`.
  func product(rows: Int, _ a: Input, rowStep: Int, termStep: Int, _ c: Output, cStep: Int, accumulate: Bool) {
    if terms == 0 && !accumulate {
      for row in 0..<rows { (c + row * cStep).update(repeating: 0, count: columns) }
    }
    for first in stride(from: 0, to: terms, by: Self.run) {
      let count = min(Self.run, terms - first)
      let product = TileProduct(
        depth: count, rowStep: rowStep, termStep: termStep, bStep: nil, cStep: cStep, accumulate: accumulate || first > 0)
      for row in stride(from: 0, to: rows, by: Self.rowBlock) {
        let height = min(Self.rowBlock, rows - row)
        let source = a + row * rowStep + first * termStep
        for column in stride(from: 0, to: columns, by: 32) {
          let b = memory + first * width + column * count
          let (room, full) = (min(32, width - column), min(32, columns - column))
          let target = c + row * cStep + column
          let whole = room == full ? height / 4 * 4 : 0
          if whole > 0 { product.run(rows: whole, columns: full, source, b, target) }
          if whole < height {
            edge(product, rows: height - whole, columns: full, room: room, source + whole * rowStep, b, target + whole * cStep)
          }
        }
      }
    }
  }

  /// Rows and columns that fill no tile, by a tile beside: rows missing to four are zeros.
  private func edge(_ product: TileProduct, rows: Int, columns: Int, room: Int, _ a: Input, _ b: Input, _ c: Output) {
    let padded = (rows + 3) / 4 * 4
    let (whole, depth) = (rows / 4 * 4, product.depth)
    withScratch(padded * room + 4 * depth) { tile in
      var inner = product
      inner.cStep = room
      if product.accumulate {
        for row in 0..<rows { (tile + row * room).update(from: c + row * product.cStep, count: columns) }
      }
      if whole > 0 { inner.run(rows: whole, columns: room, a, b, tile) }
      if whole < rows {
        let last = tile + padded * room
        last.update(repeating: 0, count: 4 * depth)
        for row in whole..<rows {
          let source = a + row * product.rowStep
          for term in 0..<depth { last[(row - whole) * depth + term] = source[term * product.termStep] }
        }
        (inner.rowStep, inner.termStep) = (depth, 1)
        inner.run(rows: 4, columns: room, last, b, tile + whole * room)
      }
      for row in 0..<rows { (c + row * product.cStep).update(from: tile + row * room, count: columns) }
    }
  }
}
