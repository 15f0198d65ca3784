extension Tensor {
  /// The sum over `axes`, which vanish, or become 1 with `keepingAxes`.
  ///
  /// Over axis 0 of a sharded tensor this is the sum over the **global** batch, the same bits on every rank.
  public func sum(axes: [Int], keepingAxes: Bool = false) -> Tensor {
    let sorted = Set(axes).sorted()
    precondition(sorted.allSatisfy { (0..<rank).contains($0) }, "sum: axes \(axes) of shape \(shape)")
    var result = self
    var end = sorted.count
    while end > 0 {
      var start = end - 1
      while start > 0 && sorted[start - 1] == sorted[start] - 1 { start -= 1 }
      result = apply(Sum(axes: sorted[start]..<(sorted[end - 1] + 1)), [result])
      end = start
    }
    guard keepingAxes else { return result }
    return result.reshaped(shape.enumerated().map { sorted.contains($0.offset) ? 1 : $0.element })
  }

  /// The sum of all elements of the global batch, a scalar.
  public func sum() -> Tensor { rank == 0 ? self : sum(axes: Array(0..<rank)) }

  /// Number of elements over all ranks along `axes`: what a mean divides by.
  public func globalCount(axes: [Int]) -> Int {
    axes.reduce(1) { $0 * ($1 == 0 ? layout?.globalCount ?? shape[0] : shape[$1]) }
  }

  /// The mean over `axes`; over axis 0 of a sharded tensor, over the global batch.
  public func mean(axes: [Int], keepingAxes: Bool = false) -> Tensor {
    sum(axes: axes, keepingAxes: keepingAxes) / Float(globalCount(axes: axes))
  }

  /// The mean of all elements of the global batch, a scalar.
  public func mean() -> Tensor { rank == 0 ? self : mean(axes: Array(0..<rank)) }

  /// The tensor repeated along its axes of size 1; with `layout`, sharded.
  public func broadcast(to shape: [Int], layout: BatchLayout? = nil) -> Tensor {
    if shape == self.shape && (layout == nil) == (self.layout == nil) { return self }
    return apply(Broadcast(shape: shape, layout: layout), [self])
  }

  /// `eˣ / Σ eˣ` over the last axis.
  public func softmax() -> Tensor { apply(Softmax(), [self]) }

  /// `ln Σ eˣ` over the last axis, which becomes 1.
  public func logSumExp() -> Tensor { apply(LogSumExp(), [self]) }
}
