/// Sizes of attention: for each sample queries `[rows, keyWidth]`, keys `[columns, keyWidth]`, values `[columns, valueWidth]`.
public struct AttentionShape: Sendable, Hashable {
  /// Independent samples.
  public var samples: Int
  /// Queries of a sample.
  public var rows: Int
  /// Keys and values of a sample.
  public var columns: Int
  /// Numbers in a query and in a key.
  public var keyWidth: Int
  /// Numbers in a value.
  public var valueWidth: Int

  /// These sizes.
  public init(samples: Int, rows: Int, columns: Int, keyWidth: Int, valueWidth: Int) {
    self.samples = samples
    self.rows = rows
    self.columns = columns
    self.keyWidth = keyWidth
    self.valueWidth = valueWidth
  }

  /// Floating-point operations of `attention`; a softmax counts 4 for each score, as elsewhere.
  public var flops: Double { scores * Double(2 * keyWidth + 2 * valueWidth + 4) }

  /// Floating-point operations of `attentionGradient`, which computes the scores again.
  public var gradientFlops: Double { scores * Double(6 * keyWidth + 4 * valueWidth + 6) }

  private var scores: Double { Double(samples) * Double(rows) * Double(columns) }
}

/// Queries that are scored together, one in each place of two vectors: a query's maximum and sum are then running vectors too.
private let panel = 32
/// Keys that are scored before their values are mixed: scores, keys and values of so many stay in the first-level cache.
private let keyBlock = 64

/// `result[q, :] = Σ_k softmax_k(queries[q] · keys[k]) values[k, :]` and `logSumExp[q] = ln Σ_k exp(queries[q] · keys[k])`.
///
/// 32 queries at a time go through the keys, 64 at a time, with running maxima: where a block of keys raises a query's maximum, what was
/// mixed so far is scaled down. No matrix of rows by columns is ever written to memory. Sums over keys ascend, so that the bits depend on
/// nothing but the sample. Logits of any size are safe: the largest of a row is taken off. Powers are of two, for which the queries are
/// multiplied by log₂ e: that rounds a score of x by 8e-8 x, as its own sum does.
/// - Parameters:
///   - shape: how many samples, rows, columns and numbers in each.
///   - queries: `[samples, rows, keyWidth]`.
///   - keys: `[samples, columns, keyWidth]`.
///   - values: `[samples, columns, valueWidth]`.
///   - result: `[samples, rows, valueWidth]`.
///   - logSumExp: `[samples, rows]`, what `attentionGradient` needs to know again each score's share.
/// - Source: Dao, Fu, Ermon, Rudra, Ré 2022, "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness", algorithm 1.
///   https://arxiv.org/abs/2205.14135
public func attention(
  _ shape: AttentionShape, queries: Input, keys: Input, values: Input, _ result: Output, logSumExp: Output
) {
  let (keyWidth, valueWidth) = (shape.keyWidth, shape.valueWidth)
  let blocks = (shape.rows + panel - 1) / panel
  if shape.columns == 0 {
    // Nothing to attend to.
    result.update(repeating: 0, count: shape.samples * shape.rows * valueWidth)
    return logSumExp.update(repeating: -.infinity, count: shape.samples * shape.rows)
  }
  let work = panel * shape.columns * (keyWidth + valueWidth + 16)
  Workers.forRanges(shape.samples * blocks, grain: max(1, (blocks + 7) / 8, (1 << 19) / work)) { range in
    withScratch((keyWidth + valueWidth + keyBlock) * panel) { memory in
      let turned = memory
      let mixed = turned + keyWidth * panel
      let scores = mixed + valueWidth * panel
      for block in range {
        let (sample, row) = (block / blocks, block % blocks * panel)
        let count = min(panel, shape.rows - row)
        let first = sample * shape.rows + row
        turnIntoPanel(queries + first * keyWidth, count: count, width: keyWidth, factor: binaryLogarithmOfE, turned)
        var (low, high) = (RowSums(), RowSums())
        for column in stride(from: 0, to: shape.columns, by: keyBlock) {
          let columns = min(keyBlock, shape.columns - column)
          let key = sample * shape.columns + column
          panelProduct(
            rows: columns, depth: keyWidth, keys + key * keyWidth, rowStep: keyWidth, termStep: 1, turned, scores, accumulate: false)
          let (lowScale, highScale) = exponentials(scores, columns: columns, &low, &high)
          if column > 0 { scale(mixed, rows: valueWidth, lowScale, highScale) }
          panelProduct(
            rows: valueWidth, depth: columns, values + key * valueWidth, rowStep: 1, termStep: valueWidth, scores, mixed,
            accumulate: column > 0)
        }
        scale(mixed, rows: valueWidth, 1 / low.sum, 1 / high.sum)
        turn(mixed, rows: valueWidth, columns: count, stride: panel, result + first * valueWidth)
        (logSumExp + first).store(low.logarithm, 0, count: min(16, count))
        if count > 16 { (logSumExp + first).store(high.logarithm, 16, count: count - 16) }
      }
    }
  }
}

/// The largest score so far of each of sixteen queries, as a power of two, and the sum of the powers of the differences from it.
private struct RowSums {
  var maximum = Lane(repeating: -.infinity)
  var sum = Lane.zero

  /// The natural logarithm of the sum of the scores' powers.
  var logarithm: Lane { maximum / binaryLogarithmOfE + Kernels.logarithm(sum) }

  /// Takes in the sum of a block of keys whose largest score is `largest`, as powers of the differences from the new maximum.
  /// - Returns: what the sums so far were multiplied by.
  mutating func raise(to largest: Lane) -> Lane {
    let before = maximum
    maximum.replace(with: largest, where: largest .> before)
    // Of minus infinity itself the difference is no number.
    let factor = powerOfTwo((before - maximum).replacing(with: 0, where: before .== maximum))
    sum *= factor
    return factor
  }
}

/// Replaces the scores `[columns, 32]`, powers of two, by the powers of their differences from each query's largest so far, and adds them up.
/// - Returns: what earlier powers of the two times sixteen queries are to be multiplied by.
@inline(__always)
private func exponentials(_ scores: Output, columns: Int, _ low: inout RowSums, _ high: inout RowSums) -> (Lane, Lane) {
  var (lowLargest, highLargest) = (low.maximum, high.maximum)
  for column in 0..<columns {
    let (a, b) = (scores.lane(column * panel), scores.lane(column * panel + 16))
    lowLargest.replace(with: a, where: a .> lowLargest)
    highLargest.replace(with: b, where: b .> highLargest)
  }
  let scales = (low.raise(to: lowLargest), high.raise(to: highLargest))
  var (lowSum, highSum) = (Lane.zero, Lane.zero)
  for column in 0..<columns {
    let a = powerOfTwo(scores.lane(column * panel) - low.maximum)
    let b = powerOfTwo(scores.lane(column * panel + 16) - high.maximum)
    lowSum += a
    highSum += b
    scores.store(a, column * panel)
    scores.store(b, column * panel + 16)
  }
  low.sum += lowSum
  high.sum += highSum
  return scales
}

/// Multiplies the rows of `x [rows, 32]` by two vectors of sixteen.
@inline(__always)
private func scale(_ x: Output, rows: Int, _ low: Lane, _ high: Lane) {
  for row in 0..<rows {
    x.store(x.lane(row * panel) * low, row * panel)
    x.store(x.lane(row * panel + 16) * high, row * panel + 16)
  }
}
