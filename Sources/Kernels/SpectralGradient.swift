/// `dw = scale · c - factor · v uᵀ` for a cotangent `c` `[rows, columns]`, in one pass.
public func subtractOuterProduct(
  _ c: Input, scale: Float, factor: Float, _ v: Input, _ u: Input, rows: Int, columns: Int, _ dw: Output
) {
  Workers.forRanges(rows, grain: max(1, threadingGrain / max(columns, 1))) { range in
    for row in range {
      let source = c + row * columns
      let target = dw + row * columns
      let amount = factor * v[row]
      for column in 0..<columns { target[column] = scale * source[column] - amount * u[column] }
    }
  }
}
