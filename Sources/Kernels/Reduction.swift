import COpenBLAS

/// Sums in Double over the middle axis of `[outer, middle, inner]`; `lanes(offset, column, length)` gives sixteen terms from a flat
/// offset on, zeros beyond `length`.
///
/// The order of additions depends on `middle` and on whether `inner` is 1, on nothing else.
@inline(__always)
private func reduce(
  outer: Int, middle: Int, inner: Int, _ y: Output, lanes: (_ offset: Int, _ column: Int, _ length: Int) -> (SIMD8<Double>, SIMD8<Double>)
) {
  if inner == 1 {
    Workers.forRanges(outer, grain: max(1, threadingGrain / max(middle, 1))) { range in
      for o in range {
        y[o] = Float(sumDouble(middle) { offset, length in lanes(o * middle + offset, 0, length) })
      }
    }
    return
  }
  // Sixteen rows at a time stay in cache while their columns pass through the registers, sixteen columns after sixteen.
  let block = 512
  let blocks = (inner + block - 1) / block
  let grain = max(1, threadingGrain / max(1, middle * min(inner, block)))
  Workers.forRanges(outer * blocks, grain: grain) { range in
    withUnsafeTemporaryAllocation(byteCount: block * MemoryLayout<Double>.stride, alignment: 64) { memory in
      let sums = memory.baseAddress!
      for task in range {
        let o = task / blocks
        let left = (task % blocks) * block
        let right = min(inner, left + block)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        var top = 0
        while top < middle {
          let bottom = min(middle, top + 16)
          var column = left
          while column < right {
            let place = sums + (column - left) * MemoryLayout<Double>.stride
            var low = place.load(as: SIMD8<Double>.self)
            var high = place.load(fromByteOffset: 64, as: SIMD8<Double>.self)
            let length = min(16, right - column)
            for m in top..<bottom {
              let terms = lanes((o * middle + m) * inner + column, column, length)
              low += terms.0
              high += terms.1
            }
            place.storeBytes(of: low, as: SIMD8<Double>.self)
            place.storeBytes(of: high, toByteOffset: 64, as: SIMD8<Double>.self)
            column += 16
          }
          top = bottom
        }
        let values = sums.assumingMemoryBound(to: Double.self)
        let target = y + o * inner + left
        for i in 0..<right - left { target[i] = Float(values[i]) }
      }
    }
  }
}

@inline(__always)
private func doubles(_ x: Input, _ offset: Int, _ length: Int) -> (SIMD8<Double>, SIMD8<Double>) {
  doubles(length == 16 ? x.lane(offset) : x.lane(offset, count: length))
}

/// The same, and the numbers of the same column sixteen rows on are fetched: the processor does not see them coming.
@inline(__always)
private func doubles(_ x: Input, _ offset: Int, _ length: Int, inner: Int) -> (SIMD8<Double>, SIMD8<Double>) {
  cblas_prefetch(x + offset + 16 * inner)
  return doubles(x, offset, length)
}

/// `y[o, i] = Σ_m x[o, m, i]`, added in Double and rounded once.
public func sum(_ x: Input, outer: Int, middle: Int, inner: Int, _ y: Output) {
  reduce(outer: outer, middle: middle, inner: inner, y) { offset, _, length in doubles(x, offset, length, inner: inner) }
}

/// `y[o, i] = Σ_m a[o, m, i] b[o, m, i]`, added in Double and rounded once.
public func sumProducts(_ a: Input, _ b: Input, outer: Int, middle: Int, inner: Int, _ y: Output) {
  reduce(outer: outer, middle: middle, inner: inner, y) { offset, _, length in
    let (aLow, aHigh) = doubles(a, offset, length, inner: inner)
    let (bLow, bHigh) = doubles(b, offset, length, inner: inner)
    return (aLow * bLow, aHigh * bHigh)
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
