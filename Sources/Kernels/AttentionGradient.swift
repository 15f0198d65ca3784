/// Queries whose products with a panel of 32 keys are held at once: scores and their cotangents, 8 KiB each.
private let rowBlock = 64

extension AttentionShape {
  /// Keys of one task: a quarter of them in whole panels, so that a single sample makes work for four threads.
  fileprivate var columnBlock: Int { max(32, (columns + 127) / 128 * 32) }
  fileprivate var columnBlocks: Int { (columns + columnBlock - 1) / columnBlock }
  /// Whether queries' gradients are summed along keys, sixteen of them side by side: of narrow keys, whole vectors would be mostly padding.
  fileprivate var sumsAlongKeys: Bool { keyWidth <= 8 }
  /// The width of a row of the queries' gradients.
  fileprivate var paddedKeyWidth: Int { sumsAlongKeys ? keyWidth : (keyWidth + 15) / 16 * 16 }
  fileprivate var paddedRows: Int { (rows + 15) / 16 * 16 }

  /// Numbers of scratch memory that `attentionGradient` asks for.
  public var gradientScratch: Int { samples * (rows + columnBlocks * paddedRows * paddedKeyWidth) }
}

/// The gradient of `attention` with result `result` for the cotangent `c`, `[samples, rows, valueWidth]`.
///
/// With the shares `p = exp(q kᵀ - logSumExp)`, computed again 64 queries by 32 keys at a time:
/// `dvalues = pᵀ c`, `ds = p (c valuesᵀ - Σ c result)`, `dqueries = ds keys`, `dkeys = dsᵀ queries`.
///
/// One task takes a quarter of a sample's keys against all its queries in ascending order; the tasks' shares of `dqueries` are then added
/// in ascending order. So the bits depend on nothing but the sample.
/// - Parameters:
///   - shape: as for `attention`.
///   - queries: as for `attention`.
///   - keys: as for `attention`.
///   - values: as for `attention`.
///   - result: what `attention` made.
///   - logSumExp: what `attention` made beside it.
///   - c: the cotangent of `result`.
///   - scratch: `shape.gradientScratch` numbers.
///   - queryGradient: `dqueries`, of the shape of `queries`.
///   - keyGradient: `dkeys`, of the shape of `keys`.
///   - valueGradient: `dvalues`, of the shape of `values`.
/// - Source: Dao et al. 2022, as for `attention`.
public func attentionGradient(
  _ shape: AttentionShape, queries: Input, keys: Input, values: Input, result: Input, logSumExp: Input, _ c: Input, scratch: Output,
  queryGradient: Output, keyGradient: Output, valueGradient: Output
) {
  let inner = scratch
  let partials = scratch + shape.samples * shape.rows
  sumProducts(c, result, outer: shape.samples * shape.rows, middle: shape.valueWidth, inner: 1, inner)
  let blocks = shape.columnBlocks
  Workers.forEach(shape.samples * blocks) { task in
    let (sample, column) = (task / blocks, task % blocks * shape.columnBlock)
    let count = min(shape.columnBlock, shape.columns - column)
    let (row, key) = (sample * shape.rows, sample * shape.columns + column)
    let share = AttentionShare(
      shape: shape, count: count, queries: queries + row * shape.keyWidth, c: c + row * shape.valueWidth, logSumExp: logSumExp + row,
      inner: UnsafePointer(inner) + row)
    share.run(
      keys: keys + key * shape.keyWidth, values: values + key * shape.valueWidth,
      queryGradient: partials + task * shape.paddedRows * shape.paddedKeyWidth, keyGradient: keyGradient + key * shape.keyWidth,
      valueGradient: valueGradient + key * shape.valueWidth)
  }
  addQueryGradients(shape, UnsafePointer(partials), queryGradient)
}

/// Adds what the blocks of keys bring to each query's gradient, in ascending order, and leaves the padding behind.
private func addQueryGradients(_ shape: AttentionShape, _ partials: Input, _ result: Output) {
  let (width, padded) = (shape.keyWidth, shape.paddedKeyWidth)
  let blockSize = shape.paddedRows * padded
  Workers.forRanges(shape.samples * shape.rows, grain: max(1, threadingGrain / 4 / max(1, width))) { range in
    for index in range {
      let (sample, row) = (index / shape.rows, index % shape.rows)
      let source = partials + sample * shape.columnBlocks * blockSize + row * padded
      let target = result + index * width
      for i in 0..<width {
        var sum: Float = 0
        for block in 0..<shape.columnBlocks { sum += source[block * blockSize + i] }
        target[i] = sum
      }
    }
  }
}

/// One block of a sample's keys against all its queries. Vectors run along keys, so the sums over queries need no turning; keys beyond the
/// block's last are zeros, whose gradients are left behind.
private struct AttentionShare {
  let shape: AttentionShape
  /// Keys in this block.
  let count: Int
  /// Of this sample, from its first query on.
  let queries: Input, c: Input, logSumExp: Input, inner: Input

  func run(keys: Input, values: Input, queryGradient: Output, keyGradient: Output, valueGradient: Output) {
    let (keyWidth, valueWidth, padded) = (shape.keyWidth, shape.valueWidth, shape.paddedKeyWidth)
    let panels = (count + 31) / 32
    let sumsAlongKeys = shape.sumsAlongKeys
    withScratch(
      panels * 32 * (2 * keyWidth + 2 * valueWidth + padded) + 2 * rowBlock * 32 + (sumsAlongKeys ? rowBlock * keyWidth * 16 : 0)
    ) { memory in
      // Each `[panel][width][32]`, but the keys by rows of whole vectors as well: `[panel][32][padded]`.
      let turnedKeys = memory
      let turnedValues = turnedKeys + panels * keyWidth * 32
      let keySums = turnedValues + panels * valueWidth * 32
      let valueSums = keySums + panels * keyWidth * 32
      let paddedKeys = valueSums + panels * valueWidth * 32
      let shares = paddedKeys + panels * 32 * padded
      let slopes = shares + rowBlock * 32
      let querySums = slopes + rowBlock * 32
      paddedKeys.update(repeating: 0, count: panels * 32 * padded)
      for panel in 0..<panels {
        let first = panel * 32
        let columns = min(32, count - first)
        turnIntoPanel(
          keys + first * keyWidth, count: columns, width: keyWidth, factor: binaryLogarithmOfE, turnedKeys + first * keyWidth)
        turnIntoPanel(values + first * valueWidth, count: columns, width: valueWidth, turnedValues + first * valueWidth)
      }
      for column in 0..<count { (paddedKeys + column * padded).update(from: keys + column * keyWidth, count: keyWidth) }
      keySums.update(repeating: 0, count: panels * 32 * (keyWidth + valueWidth))

      var row = 0
      while row < shape.rows {
        let rows = min(rowBlock, shape.rows - row)
        let (q, d) = (queries + row * keyWidth, c + row * valueWidth)
        for panel in 0..<panels {
          let first = panel * 32
          panelProduct(
            rows: rows, depth: keyWidth, q, rowStep: keyWidth, termStep: 1, turnedKeys + first * keyWidth, shares, accumulate: false)
          panelProduct(
            rows: rows, depth: valueWidth, d, rowStep: valueWidth, termStep: 1, turnedValues + first * valueWidth, slopes,
            accumulate: false)
          differentiate(shares, slopes, from: row, rows)
          if sumsAlongKeys && count - first < 32 { clear(slopes, rows: rows, from: count - first) }
          panelProduct(
            rows: valueWidth, depth: rows, d, rowStep: 1, termStep: valueWidth, shares, valueSums + first * valueWidth, accumulate: true)
          panelProduct(
            rows: keyWidth, depth: rows, q, rowStep: 1, termStep: keyWidth, slopes, keySums + first * keyWidth, accumulate: true)
          if sumsAlongKeys {
            addAlongKeys(slopes, rows: rows, turnedKeys + first * keyWidth, querySums, accumulate: panel > 0)
          } else {
            panelContraction(
              rows: (rows + 7) / 8 * 8, width: padded, depth: min(32, count - first), slopes, paddedKeys + first * padded,
              queryGradient + row * padded, accumulate: panel > 0)
          }
        }
        if sumsAlongKeys { sumVectors(querySums, count: rows * keyWidth, factor: 1 / binaryLogarithmOfE, queryGradient + row * keyWidth) }
        row += rowBlock
      }
      for panel in 0..<panels {
        let first = panel * 32
        let columns = min(32, count - first)
        turn(keySums + first * keyWidth, rows: keyWidth, columns: columns, stride: 32, keyGradient + first * keyWidth)
        turn(valueSums + first * valueWidth, rows: valueWidth, columns: columns, stride: 32, valueGradient + first * valueWidth)
      }
    }
  }

  /// Scores, as powers of two, become shares, and the shares' cotangents those of the scores.
  @inline(__always)
  private func differentiate(_ shares: Output, _ slopes: Output, from first: Int, _ rows: Int) {
    for row in 0..<rows {
      let shift = Lane(repeating: logSumExp[first + row] * binaryLogarithmOfE)
      let mean = Lane(repeating: inner[first + row])
      let (low, high) = (powerOfTwo(shares.lane(row * 32) - shift), powerOfTwo(shares.lane(row * 32 + 16) - shift))
      shares.store(low, row * 32)
      shares.store(high, row * 32 + 16)
      slopes.store(low * (slopes.lane(row * 32) - mean), row * 32)
      slopes.store(high * (slopes.lane(row * 32 + 16) - mean), row * 32 + 16)
    }
  }

  /// Keys beyond the block's last have shares of any size.
  private func clear(_ slopes: Output, rows: Int, from column: Int) {
    for row in 0..<rows { (slopes + row * 32 + column).update(repeating: 0, count: 32 - column) }
  }

  /// Adds `ds keys` of a panel to the queries' gradients, of which each number is a vector along keys: `sums [row][width][16]`. Four rows
  /// at a time, those of a block being a multiple of four.
  @inline(__always)
  private func addAlongKeys(_ slopes: Input, rows: Int, _ keys: Input, _ sums: Output, accumulate: Bool) {
    let width = shape.keyWidth
    for row in stride(from: 0, to: rows, by: 4) {
      let (slope, sum) = (slopes + row * 32, sums + row * width * 16)
      for i in 0..<width {
        let (low, high) = (keys.lane(i * 32), keys.lane(i * 32 + 16))
        for next in 0..<4 {
          let place = (next * width + i) * 16
          let before = accumulate ? sum.lane(place) : .zero
          sum.store(before.addingProduct(slope.lane(next * 32), low).addingProduct(slope.lane(next * 32 + 16), high), place)
        }
      }
    }
  }
}

/// The sums of `count` vectors of sixteen numbers, one after the other, times `factor`; of sixteen vectors at a time, so that up to fifteen
/// numbers more are written.
private func sumVectors(_ vectors: Output, count: Int, factor: Float, _ result: Output) {
  for first in stride(from: 0, to: count, by: 16) {
    withScratch(256) { turned in
      turn(vectors + first * 16, rows: 16, columns: 16, stride: 16, turned)
      var sum = turned.lane(0)
      for i in 1..<16 { sum += turned.lane(i * 16) }
      result.store(sum * factor, first)
    }
  }
}
