/// Sums in Double over the middle axis of `[outer, middle, inner]`; `terms` gives sixteen (or `length`) terms from a flat offset on.
///
/// The order of additions depends on `middle` and on whether `inner` is 1, on nothing else.
@inline(__always)
private func reduce(
  outer: Int, middle: Int, inner: Int, _ y: Output,
  term: (_ offset: Int, _ column: Int) -> Double,
  lanes: (_ offset: Int, _ length: Int) -> (SIMD8<Double>, SIMD8<Double>)
) {
  if inner == 1 {
    Workers.forRanges(outer, grain: max(1, threadingGrain / max(middle, 1))) { range in
      for o in range {
        y[o] = Float(sumDouble(middle) { offset, length in lanes(o * middle + offset, length) })
      }
    }
    return
  }
  let block = 256
  let blocks = (inner + block - 1) / block
  let grain = max(1, threadingGrain / max(1, middle * min(inner, block)))
  Workers.forRanges(outer * blocks, grain: grain) { range in
    withUnsafeTemporaryAllocation(of: Double.self, capacity: block) { memory in
      let sums = memory.baseAddress!
      for task in range {
        let o = task / blocks
        let start = (task % blocks) * block
        let size = min(block, inner - start)
        for i in 0..<size { sums[i] = 0 }
        for m in 0..<middle {
          let offset = (o * middle + m) * inner + start
          for i in 0..<size { sums[i] += term(offset + i, start + i) }
        }
        let target = y + o * inner + start
        for i in 0..<size { target[i] = Float(sums[i]) }
      }
    }
  }
}

@inline(__always)
private func doubles(_ x: Input, _ offset: Int, _ length: Int) -> (SIMD8<Double>, SIMD8<Double>) {
  let lane = length == 16 ? x.lane(offset) : x.lane(offset, count: length)
  return (SIMD8<Double>(lane.lowHalf), SIMD8<Double>(lane.highHalf))
}

/// `y[o, i] = Σ_m x[o, m, i]`, added in Double and rounded once.
public func sum(_ x: Input, outer: Int, middle: Int, inner: Int, _ y: Output) {
  reduce(outer: outer, middle: middle, inner: inner, y) { offset, _ in
    Double(x[offset])
  } lanes: { offset, length in
    doubles(x, offset, length)
  }
}

/// `y[o, i] = Σ_m a[o, m, i] b[o, m, i]`, added in Double and rounded once.
public func sumProducts(_ a: Input, _ b: Input, outer: Int, middle: Int, inner: Int, _ y: Output) {
  reduce(outer: outer, middle: middle, inner: inner, y) { offset, _ in
    Double(a[offset]) * Double(b[offset])
  } lanes: { offset, length in
    let (aLow, aHigh) = doubles(a, offset, length)
    let (bLow, bHigh) = doubles(b, offset, length)
    return (aLow * bLow, aHigh * bHigh)
  }
}

/// `y[o, i] = Σ_m (x[o, m, i] - mean[i])²`, added in Double and rounded once; `mean` is `[inner]`.
public func sumSquaredDeviations(_ x: Input, mean: Input, outer: Int, middle: Int, inner: Int, _ y: Output) {
  let center = SIMD8<Double>(repeating: Double(mean[0]))
  reduce(outer: outer, middle: middle, inner: inner, y) { offset, column in
    let deviation = Double(x[offset]) - Double(mean[column])
    return deviation * deviation
  } lanes: { offset, length in
    let (low, high) = doubles(x, offset, length)
    let a = low - center
    let b = high - center
    if length == 16 { return (a * a, b * b) }
    // Lanes beyond the end hold zeros minus the mean: they must not count.
    var aSquares = a * a
    var bSquares = b * b
    for i in length..<16 {
      if i < 8 { aSquares[i] = 0 } else { bSquares[i - 8] = 0 }
    }
    return (aSquares, bSquares)
  }
}

/// `y[o, i] = max_m x[o, m, i]`.
public func maximum(_ x: Input, outer: Int, middle: Int, inner: Int, _ y: Output) {
  Workers.forRanges(outer, grain: max(1, threadingGrain / max(1, middle * inner))) { range in
    for o in range {
      let source = x + o * middle * inner
      let target = y + o * inner
      target.update(from: source, count: inner)
      for m in 1..<max(middle, 1) {
        let row = source + m * inner
        for i in 0..<inner { target[i] = row[i] > target[i] ? row[i] : target[i] }
      }
    }
  }
}
