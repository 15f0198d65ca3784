/// `t = W u` and `s = Wᵀ t` for `W [rows, columns]`, in one pass over W: four rows at a time are near the core for both.
///
/// Rows are cut into at most 64 runs, by the shape alone; each adds its own part of s, and the parts are added in order.
public func powerIteration(_ w: Input, _ u: Input, rows: Int, columns: Int, image t: Output, coimage s: Output) {
  let run = max(16, ((rows + 63) / 64 + 3) / 4 * 4)
  let runs = (rows + run - 1) / run
  withScratch(runs * columns) { parts in
    Workers.forRanges(runs, grain: max(1, threadingGrain / max(1, run * columns))) { range in
      for index in range {
        let part = parts + index * columns
        part.update(repeating: 0, count: columns)
        for row in stride(from: index * run, to: min(rows, (index + 1) * run), by: 4) {
          iterateRows(w + row * columns, u, count: min(4, rows - row), columns: columns, t + row, part)
        }
      }
    }
    s.update(repeating: 0, count: columns)
    for index in 0..<runs {
      let part = parts + index * columns
      for column in 0..<columns { s[column] += part[column] }
    }
  }
}

/// Up to four rows of W: their products with u, and what they add to s.
private func iterateRows(_ w: Input, _ u: Input, count: Int, columns: Int, _ t: Output, _ s: Output) {
  func row(_ index: Int) -> Input { w + min(index, count - 1) * columns }
  let (w0, w1, w2, w3) = (row(0), row(1), row(2), row(3))
  var (s0, s1, s2, s3) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
  let whole = columns / 16 * 16
  var column = 0
  while column < whole {
    let factor = u.lane(column)
    s0.addProduct(w0.lane(column), factor)
    s1.addProduct(w1.lane(column), factor)
    s2.addProduct(w2.lane(column), factor)
    s3.addProduct(w3.lane(column), factor)
    column += 16
  }
  if whole < columns {
    let rest = columns - whole
    let factor = u.lane(whole, count: rest)
    s0.addProduct(w0.lane(whole, count: rest), factor)
    s1.addProduct(w1.lane(whole, count: rest), factor)
    s2.addProduct(w2.lane(whole, count: rest), factor)
    s3.addProduct(w3.lane(whole, count: rest), factor)
  }
  // Rows that are not there add nothing.
  let sums = (s0.sum(), count > 1 ? s1.sum() : 0, count > 2 ? s2.sum() : 0, count > 3 ? s3.sum() : 0)
  t[0] = sums.0
  if count > 1 { t[1] = sums.1 }
  if count > 2 { t[2] = sums.2 }
  if count > 3 { t[3] = sums.3 }
  let (f0, f1, f2, f3) = (Lane(repeating: sums.0), Lane(repeating: sums.1), Lane(repeating: sums.2), Lane(repeating: sums.3))
  column = 0
  while column < whole {
    var sum = UnsafePointer(s).lane(column)
    sum.addProduct(f0, w0.lane(column))
    sum.addProduct(f1, w1.lane(column))
    sum.addProduct(f2, w2.lane(column))
    sum.addProduct(f3, w3.lane(column))
    s.store(sum, column)
    column += 16
  }
  while column < columns {
    s[column] += sums.0 * w0[column] + sums.1 * w1[column] + sums.2 * w2[column] + sums.3 * w3[column]
    column += 1
  }
}
