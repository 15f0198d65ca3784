import Glibc

/// Largest element of a row.
@inline(__always)
private func largest(_ x: Input, _ count: Int) -> Float {
  var lanes = Lane(repeating: -.infinity)
  var i = 0
  while i + 16 <= count {
    let next = x.lane(i)
    lanes.replace(with: next, where: next .> lanes)
    i += 16
  }
  var result = lanes.max()
  while i < count {
    result = x[i] > result ? x[i] : result
    i += 1
  }
  return result
}

/// `Σ exp(x[i] - shift)` in Double; where `y` is given the terms are kept in it.
@inline(__always)
private func sumExponentials(_ x: Input, _ count: Int, shift: Float, _ y: Output?) -> Double {
  sumDouble(count) { offset, length in
    let whole = length == 16
    let lane = whole ? x.lane(offset) : x.lane(offset, count: length, padding: -.infinity)
    let terms = exponential(lane - shift)
    if let y {
      if whole { y.store(terms, offset) } else { y.store(terms, offset, count: length) }
    }
    return doubles(terms)
  }
}

/// `y[r, :] = exp(x[r, :] - max) / Σ exp(x[r, :] - max)`.
public func softmax(_ x: Input, rows: Int, columns: Int, _ y: Output) {
  Workers.forRanges(rows, grain: max(1, threadingGrain / 8 / max(columns, 1))) { range in
    for row in range {
      let source = x + row * columns
      let target = y + row * columns
      let total = sumExponentials(source, columns, shift: largest(source, columns), target)
      let factor = Float(1 / total)
      for i in 0..<columns { target[i] *= factor }
    }
  }
}

/// `dx[r, :] = y[r, :] (c[r, :] - Σ c[r, :] y[r, :])`: the gradient of `softmax` with result `y` for the cotangent `c`.
public func softmaxGradient(_ y: Input, _ c: Input, rows: Int, columns: Int, _ dx: Output) {
  Workers.forRanges(rows, grain: max(1, threadingGrain / 4 / max(columns, 1))) { range in
    for row in range {
      let value = y + row * columns
      let cotangent = c + row * columns
      let target = dx + row * columns
      let dot = Float(
        sumDouble(columns) { offset, length in
          let a = length == 16 ? value.lane(offset) : value.lane(offset, count: length)
          let b = length == 16 ? cotangent.lane(offset) : cotangent.lane(offset, count: length)
          let (aLow, aHigh) = doubles(a)
          let (bLow, bHigh) = doubles(b)
          return (aLow * bLow, aHigh * bHigh)
        })
      for i in 0..<columns { target[i] = value[i] * (cotangent[i] - dot) }
    }
  }
}

/// `y[r] = ln Σ exp(x[r, :])`, without overflow.
public func logSumExp(_ x: Input, rows: Int, columns: Int, _ y: Output) {
  Workers.forRanges(rows, grain: max(1, threadingGrain / 8 / max(columns, 1))) { range in
    for row in range {
      let source = x + row * columns
      let shift = largest(source, columns)
      // A row of minus infinities, or one with plus infinity, is its own answer.
      y[row] = shift.isInfinite ? shift : Float(Double(shift) + log(sumExponentials(source, columns, shift: shift, nil)))
    }
  }
}
