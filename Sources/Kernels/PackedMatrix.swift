/// The right-hand side B `[terms, columns]` of products `C (+)= A B`, copied in the order in which `TileProduct` reads it: runs of up to 256
/// terms, each in blocks of 32 columns (last: 16), with zeros beyond the last column.
///
/// An element adds its terms in ascending order whatever rows and columns are computed with it. Words of two terms are made here, of B when
/// it is packed and of A block by block.
struct PackedMatrix<Operands: ProductOperands> {
  let terms, columns: Int
  let memory: Output

  /// Terms of a run: a block of 32 columns then takes 32 KiB and stays in the first-level cache.
  private static var run: Int { 256 }
  /// Rows of A that are taken together, so that a run of them stays in the second-level cache.
  private static var rowBlock: Int { 192 }

  private static func padded(_ columns: Int) -> Int { (columns + 15) / 16 * 16 }
  /// Numbers that a packed matrix needs.
  static func size(terms: Int, columns: Int) -> Int { Operands.words(terms) * padded(columns) }

  /// - Parameter memory: room for `size` numbers.
  init(terms: Int, columns: Int, memory: Output) {
    self.terms = terms
    self.columns = columns
    self.memory = memory
  }

  private var width: Int { Self.padded(columns) }

  /// Copies B, whose rows lie `step` apart, times `scale`.
  func pack(_ b: Input, step: Int, scale: Float = 1) {
    let blocks = (width + 31) / 32
    let runs = (terms + Self.run - 1) / Self.run
    Workers.forRanges(runs * blocks, grain: max(1, threadingGrain / (32 * min(Self.run, max(1, terms))))) { range in
      for task in range { packBlock(b, step: step, scale: scale, first: task / blocks * Self.run, column: task % blocks * 32) }
    }
  }

  /// The block of a run's terms and of up to 32 columns.
  private func packBlock(_ b: Input, step: Int, scale: Float, first: Int, column: Int) {
    let count = min(Self.run, terms - first)
    let (room, full) = (min(32, width - column), min(32, columns - column))
    var target = memory + Operands.words(first) * width + column * Operands.words(count)
    var source = b + first * step + column
    for term in stride(from: 0, to: count, by: Operands.terms) {
      let isPair = term + 1 < count
      for lane in stride(from: 0, to: room, by: 16) {
        let present = min(16, full - lane)
        let second = Operands.terms == 2 && isPair ? Self.lane(source + step + lane, present) * scale : .zero
        target.store(Operands.words(Self.lane(source + lane, present) * scale, second), lane)
      }
      target += room
      source += Operands.terms * step
    }
  }

  /// The first numbers of sixteen, the others zero.
  @inline(__always)
  private static func lane(_ source: Input, _ count: Int) -> Lane { count == 16 ? source.lane(0) : source.lane(0, count: count) }

  /// `C = A B`, or added to C, for all rows of A, whose element (row, term) lies at `row · rowStep + term · termStep`; one of the steps is 1.
  func product(rows: Int, _ a: Input, rowStep: Int, termStep: Int, _ c: Output, cStep: Int, accumulate: Bool) {
    if terms == 0 && !accumulate {
      for row in 0..<rows { (c + row * cStep).update(repeating: 0, count: columns) }
    }
    for first in stride(from: 0, to: terms, by: Self.run) {
      let count = min(Self.run, terms - first)
      var product = TileProduct<Operands>(
        depth: Operands.words(count), rowStep: rowStep, termStep: termStep, bStep: nil, cStep: cStep, accumulate: accumulate || first > 0)
      for row in stride(from: 0, to: rows, by: Self.rowBlock) {
        let height = min(Self.rowBlock, rows - row)
        let source = a + row * rowStep + first * termStep
        if Operands.terms == 1 && !collides(rowStep: rowStep, termStep: termStep) {
          multiply(product, rows: height, first: first, source, c + row * cStep)
          continue
        }
        withScratch(Self.rowBlock * Operands.words(Self.run + 16)) { words in
          let inner = makeWords(source, rows: height, terms: count, rowStep: rowStep, termStep: termStep, words)
          (product.rowStep, product.termStep) = (inner.rowStep, inner.termStep)
          multiply(product, rows: height, first: first, words, c + row * cStep)
        }
      }
    }
  }

  /// Whether the rows or terms of A lie so far apart that their lines drive one another out of the first-level cache, while there are
  /// enough columns to make a copy of them worth its time.
  private func collides(rowStep: Int, termStep: Int) -> Bool { max(rowStep, termStep) % 512 == 0 && columns >= 64 }

  /// A block of rows times all columns.
  private func multiply(_ product: TileProduct<Operands>, rows: Int, first: Int, _ a: Input, _ c: Output) {
    for column in stride(from: 0, to: columns, by: 32) {
      let b = memory + Operands.words(first) * width + column * product.depth
      let (room, full) = (min(32, width - column), min(32, columns - column))
      let target = c + column
      let whole = room == full ? rows / 4 * 4 : 0
      if whole > 0 { product.run(rows: whole, columns: full, a, b, target) }
      if whole < rows {
        edge(product, rows: rows - whole, columns: full, room: room, a + whole * product.rowStep, b, target + whole * product.cStep)
      }
    }
  }

  /// A block of A in words: along its terms where these follow one another, else along its rows.
  private func makeWords(
    _ a: Input, rows: Int, terms: Int, rowStep: Int, termStep: Int, _ words: Output
  ) -> (rowStep: Int, termStep: Int) {
    if termStep == 1 {
      let width = Operands.words(Self.run + 16)
      for row in 0..<rows {
        for term in stride(from: 0, to: terms, by: 16) {
          Operands.store(
            words + row * width + term / Operands.terms, Self.lane(a + row * rowStep + term, min(16, terms - term)))
        }
      }
      return (width, 1)
    }
    for term in stride(from: 0, to: terms, by: Operands.terms) {
      for row in stride(from: 0, to: rows, by: 16) {
        let (source, count) = (a + row + term * termStep, min(16, rows - row))
        let second = term + 1 < terms ? Self.lane(source + termStep, count) : .zero
        words.store(Operands.words(Self.lane(source, count), second), term / Operands.terms * Self.rowBlock + row)
      }
    }
    return (1, Self.rowBlock)
  }

  /// Rows and columns that fill no tile, by a tile beside: rows missing to four are zeros.
  private func edge(_ product: TileProduct<Operands>, rows: Int, columns: Int, room: Int, _ a: Input, _ b: Input, _ c: Output) {
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
