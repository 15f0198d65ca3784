public import Sharding

/// `y[i, :] = table[indices[i], :]`.
public func gatherRows(_ table: Input, width: Int, _ indices: [Int32], _ y: Output) {
  Workers.forRanges(indices.count, grain: max(1, threadingGrain / max(width, 1))) { range in
    for i in range { (y + i * width).update(from: table + Int(indices[i]) * width, count: width) }
  }
}

/// The adjoint of `gatherRows`: adds row `i` of `x` to row `indices[i]` of a table, one table per tree node: `y` is
/// `[nodeCount, tableRows, width]`.
///
/// Each leaf adds its rows in order; the leaves are added by `rows.steps`.
public func scatterRows(_ x: Input, width: Int, _ indices: [Int32], tableRows: Int, rows: ShardRows, _ y: Output) {
  let block = 64
  let body = { (columns: Range<Int>) in
    let size = columns.count
    withScratch(rows.stackHeight * tableRows * size) { memory in
      foldTree(rows.steps, size: tableRows * size, memory: memory) { leaf, partial in
        partial.update(repeating: 0, count: tableRows * size)
        for segment in rows.segments[leaf] {
          for row in segment {
            let target = partial + Int(indices[row]) * size
            let source = x + row * width + columns.lowerBound
            for i in 0..<size { target[i] += source[i] }
          }
        }
      } finish: { node, sum in
        for row in 0..<tableRows {
          (y + (node * tableRows + row) * width + columns.lowerBound).update(from: sum + row * size, count: size)
        }
      }
    }
  }
  Workers.forRanges(width, grain: rows.rowCount * width + tableRows * width <= threadingGrain ? max(width, 1) : block, body)
}
