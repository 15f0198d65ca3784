import COpenBLAS

/// Columns of a product that stay in registers: a row of 32 or of 16 numbers.
protocol RegisterRow {
  /// Numbers in a row.
  static var width: Int { get }
  /// Zeros.
  init()
  /// The numbers from `source` on.
  init(_ source: Input)
  /// Adds `factor · row`.
  mutating func add(_ factor: Float, _ row: Self)
  /// Writes the numbers to `target`.
  func store(_ target: Output)
}

/// A row of 32 sums or words.
struct WideRow<Operands: ProductOperands>: RegisterRow {
  private var low, high: Lane
  static var width: Int { 32 }

  @inline(__always)
  init() { (low, high) = (.zero, .zero) }
  @inline(__always)
  init(_ source: Input) { (low, high) = (source.lane(0), source.lane(16)) }

  @inline(__always)
  mutating func add(_ factor: Float, _ row: WideRow) {
    Operands.add(&low, factor, row.low)
    Operands.add(&high, factor, row.high)
  }
  @inline(__always)
  func store(_ target: Output) {
    target.store(low, 0)
    target.store(high, 16)
  }
}

/// A row of 16: the last columns of a matrix whose width is no multiple of 32.
struct NarrowRow<Operands: ProductOperands>: RegisterRow {
  private var lane: Lane
  static var width: Int { 16 }

  @inline(__always)
  init() { lane = .zero }
  @inline(__always)
  init(_ source: Input) { lane = source.lane(0) }

  @inline(__always)
  mutating func add(_ factor: Float, _ row: NarrowRow) { Operands.add(&lane, factor, row.lane) }
  @inline(__always)
  func store(_ target: Output) { target.store(lane, 0) }
}

/// Four rows of a product in registers.
struct FourRows<Row: RegisterRow> {
  var r0 = Row(), r1 = Row(), r2 = Row(), r3 = Row()

  @inline(__always)
  init() {}
  @inline(__always)
  init(_ c: Input, step: Int) { (r0, r1, r2, r3) = (Row(c), Row(c + step), Row(c + 2 &* step), Row(c + 3 &* step)) }

  @inline(__always)
  mutating func add(_ a: Input, step: Int, _ row: Row) {
    r0.add(a[0], row)
    r1.add(a[step], row)
    r2.add(a[2 &* step], row)
    r3.add(a[3 &* step], row)
  }
  @inline(__always)
  func store(_ c: Output, step: Int) {
    r0.store(c)
    r1.store(c + step)
    r2.store(c + 2 &* step)
    r3.store(c + 3 &* step)
  }
}

/// The matrices of a product `C (+)= A B` over `depth` words in ascending order, so that an element's bits do not depend on its
/// neighbours.
struct TileProduct<Operands: ProductOperands> {
  var depth: Int
  /// Word (row, term) of A lies at `row · rowStep + term · termStep`.
  var rowStep, termStep: Int
  /// The rows of B lie so far apart; nil when B is packed in blocks of 32 columns, of which the last may have 16: `[block][depth][32]`.
  var bStep: Int?
  var cStep: Int
  /// Whether to add to what C holds.
  var accumulate: Bool

  /// All rows, a multiple of 4, and all columns, a multiple of 16.
  func run(rows: Int, columns: Int, _ a: Input, _ b: Input, _ c: Output) {
    var column = 0
    while column < columns {
      let source = b + (bStep == nil ? column &* depth : column)
      if column + 32 <= columns {
        block(WideRow<Operands>.self, rows: rows, a, source, next: bStep ?? 32, c + column)
        column += 32
      } else {
        block(NarrowRow<Operands>.self, rows: rows, a, source, next: bStep ?? 16, c + column)
        column += 16
      }
    }
  }

  /// A block of columns, twelve rows at a time: with 32 columns their sums fill 24 of 32 registers. The last sixteen are eight and eight, as
  /// four alone are slow.
  @inline(__always)
  private func block<Row: RegisterRow>(_: Row.Type, rows: Int, _ a: Input, _ b: Input, next: Int, _ c: Output) {
    var row = 0
    while row + 12 <= rows && row + 16 != rows {
      twelve(Row.self, a + row &* rowStep, b, next: next, c + row &* cStep)
      row += 12
    }
    while row + 8 <= rows {
      eight(Row.self, a + row &* rowStep, b, next: next, c + row &* cStep)
      row += 8
    }
    if row < rows { four(Row.self, a + row &* rowStep, b, next: next, c + row &* cStep) }
  }

  // The loops end by a comparison of addresses that lie a variable step apart, and are not inlined where that step is known: of a loop whose
  // count it can tell the compiler takes two terms at once, which needs more registers than there are.

  @inline(never)
  private func twelve<Row: RegisterRow>(_: Row.Type, _ a: Input, _ b: Input, next: Int, _ c: Output) {
    typealias Rows = FourRows<Row>
    var (top, middle, bottom) = (Rows(), Rows(), Rows())
    if accumulate {
      (top, middle, bottom) = (Rows(c, step: cStep), Rows(c + 4 &* cStep, step: cStep), Rows(c + 8 &* cStep, step: cStep))
    }
    var (a0, a1, a2) = (a, a + 4 &* rowStep, a + 8 &* rowStep)
    var b = b
    let end = b + depth &* next
    // While sixteen terms of these rows are added, the same ones of the next twelve are fetched: rows lie too far apart for the processor
    // to see them coming.
    while b != end {
      let last = b + min(16 &* next, end - b)
      var coming = a0 + 12 &* rowStep
      while b != last {
        cblas_prefetch(coming)
        coming += rowStep
        let row = Row(b)
        top.add(a0, step: rowStep, row)
        middle.add(a1, step: rowStep, row)
        bottom.add(a2, step: rowStep, row)
        (a0, a1, a2) = (a0 + termStep, a1 + termStep, a2 + termStep)
        b += next
      }
    }
    top.store(c, step: cStep)
    middle.store(c + 4 &* cStep, step: cStep)
    bottom.store(c + 8 &* cStep, step: cStep)
  }

  @inline(never)
  private func eight<Row: RegisterRow>(_: Row.Type, _ a: Input, _ b: Input, next: Int, _ c: Output) {
    typealias Rows = FourRows<Row>
    var (top, bottom) = (Rows(), Rows())
    if accumulate { (top, bottom) = (Rows(c, step: cStep), Rows(c + 4 &* cStep, step: cStep)) }
    var (a0, a1) = (a, a + 4 &* rowStep)
    var b = b
    let end = b + depth &* next
    while b != end {
      let row = Row(b)
      top.add(a0, step: rowStep, row)
      bottom.add(a1, step: rowStep, row)
      (a0, a1) = (a0 + termStep, a1 + termStep)
      b += next
    }
    top.store(c, step: cStep)
    bottom.store(c + 4 &* cStep, step: cStep)
  }

  @inline(never)
  private func four<Row: RegisterRow>(_: Row.Type, _ a: Input, _ b: Input, next: Int, _ c: Output) {
    var rows = accumulate ? FourRows<Row>(c, step: cStep) : FourRows<Row>()
    var (a, b) = (a, b)
    let end = b + depth &* next
    while b != end {
      rows.add(a, step: rowStep, Row(b))
      a += termStep
      b += next
    }
    rows.store(c, step: cStep)
  }
}
