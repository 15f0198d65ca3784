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

/// `result[q, :] = Σ_k softmax_k(queries[q] · keys[k]) values[k, :]` and `logSumExp[q] = ln Σ_k exp(queries[q] · keys[k])`.
///
/// 32 queries at a time are scored against all keys; these `[columns, 32]` scores, 128 KiB for 1,024 keys, stay in the core's own cache
/// until the values are mixed, so no matrix of rows by columns is ever written to memory. Sums over keys ascend, so that the bits depend
/// on nothing but the sample. Logits of any size are safe: the largest of a row is taken off.
/// - Parameters:
///   - shape: how many samples, rows, columns and numbers in each.
///   - queries: `[samples, rows, keyWidth]`.
///   - keys: `[samples, columns, keyWidth]`.
///   - values: `[samples, columns, valueWidth]`.
///   - result: `[samples, rows, valueWidth]`.
///   - logSumExp: `[samples, rows]`, what `attentionGradient` needs to know again each score's share.
/// - Source: Dao, Fu, Ermon, Rudra, Ré 2022, "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness";
///   here with all scores of a row at hand instead of running maxima. https://arxiv.org/abs/2205.14135
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
    withScratch((keyWidth + valueWidth + shape.columns) * panel) { memory in
      let turned = memory
      let mixed = turned + keyWidth * panel
      let scores = mixed + valueWidth * panel
      for block in range {
        let (sample, row) = (block / blocks, block % blocks * panel)
        let count = min(panel, shape.rows - row)
        let first = sample * shape.rows + row
        turnIntoPanel(queries + first * keyWidth, count: count, width: keyWidth, turned)
        panelProduct(
          rows: shape.columns, depth: keyWidth, keys + sample * shape.columns * keyWidth, rowStep: keyWidth, termStep: 1, turned, scores,
          accumulate: false)
        let (low, high) = exponentials(scores, columns: shape.columns)
        panelProduct(
          rows: valueWidth, depth: shape.columns, values + sample * shape.columns * valueWidth, rowStep: 1, termStep: valueWidth, scores,
          mixed, accumulate: false)
        let (lowScale, highScale) = (1 / low.sum, 1 / high.sum)
        for i in 0..<valueWidth {
          mixed.store(mixed.lane(i * panel) * lowScale, i * panel)
          mixed.store(mixed.lane(i * panel + 16) * highScale, i * panel + 16)
        }
        turnFromPanel(mixed, count: count, width: valueWidth, result + first * valueWidth)
        (logSumExp + first).store(low.maximum + logarithm(low.sum), 0, count: min(16, count))
        if count > 16 { (logSumExp + first).store(high.maximum + logarithm(high.sum), 16, count: count - 16) }
      }
    }
  }
}

/// The largest score of each of sixteen queries, and the sum of the exponentials of the differences from it.
private struct RowSums {
  var maximum = Lane(repeating: -.infinity)
  var sum = Lane.zero
}

/// Replaces the scores `[columns, 32]` by the exponentials of their differences from each query's largest.
///
/// The sums are added in groups of 64 columns, so that rounding grows with the square root of a sixty-fourth of the columns.
private func exponentials(_ scores: Output, columns: Int) -> (RowSums, RowSums) {
  var low = RowSums()
  var high = RowSums()
  for column in 0..<columns {
    let (a, b) = (scores.lane(column * panel), scores.lane(column * panel + 16))
    low.maximum.replace(with: a, where: a .> low.maximum)
    high.maximum.replace(with: b, where: b .> high.maximum)
  }
  var start = 0
  while start < columns {
    let end = min(columns, start + 64)
    var (lowGroup, highGroup) = (Lane.zero, Lane.zero)
    for column in start..<end {
      let a = shareExponential(scores.lane(column * panel) - low.maximum)
      let b = shareExponential(scores.lane(column * panel + 16) - high.maximum)
      lowGroup += a
      highGroup += b
      scores.store(a, column * panel)
      scores.store(b, column * panel + 16)
    }
    low.sum += lowGroup
    high.sum += highGroup
    start = end
  }
  return (low, high)
}
