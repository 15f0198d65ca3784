import Kernels
import Sharding
import Testing

@Test func `gathered rows are the table's and scattered rows add up, the same on any number of ranks`() {
  for (batch, width, tableRows) in [(9, 5, 4), (40, 300, 11), (70, 700, 13)] {
    let indices = (0..<batch).map { Int32($0 * 7 % tableRows) }
    let table = samples(tableRows * width), x = samples(batch * width, seed: 2)
    let gathered = output(batch * width) { unsafe gatherRows(table, width: width, indices, $0) }
    expectSame(gathered, (0..<batch * width).map { table[Int(indices[$0 / width]) * width + $0 % width] })
    func scatter(_ ranks: Int) -> [Float] {
      root(
        rankRows(batch: batch, shards: 5, ranks: ranks).map { part in
          let y = output(part.rows.nodeCount * tableRows * width) {
            unsafe scatterRows(
              Array(x[(part.first * width)...]), width: width, Array(indices[part.first...]), tableRows: tableRows, rows: part.rows, $0)
          }
          return (y, part.nodes)
        }, shards: 5, size: tableRows * width)
    }
    var expected = [Double](repeating: 0, count: tableRows * width)
    for i in x.indices { expected[Int(indices[i / width]) * width + i % width] += Double(x[i]) }
    expectClose(scatter(1), expected)
    for ranks in 2...5 { expectSame(scatter(ranks), scatter(1)) }
  }
}

@Test func `scattered rows of two batches are the same on any number of ranks`() {
  let (batch, shards, width, tableRows) = (11, 5, 13, 4)
  let indices = (0..<batch).map { Int32($0 * 3 % tableRows) }
  let a = samples(batch * width), b = samples(batch * width, seed: 2)
  func scatter(_ ranks: Int) -> [Float] {
    root(
      concatenatedRankRows(batch: batch, shards: shards, ranks: ranks).map { part in
        let own = Array(indices[part.first..<(part.first + part.rows.rowCount / 2)])
        let y = output(part.rows.nodeCount * tableRows * width) {
          unsafe scatterRows(gathered(a, b, part, width), width: width, own + own, tableRows: tableRows, rows: part.rows, $0)
        }
        return (y, part.nodes)
      }, shards: shards, size: tableRows * width)
  }
  var expected = [Double](repeating: 0, count: tableRows * width)
  for i in a.indices { expected[Int(indices[i / width]) * width + i % width] += Double(a[i]) + Double(b[i]) }
  let one = scatter(1)
  expectClose(one, expected)
  for ranks in 2...shards { expectSame(scatter(ranks), one, "\(ranks) ranks") }
}

@Test func `a table row that no index names becomes zero, in a leaf without rows every one`() {
  let rows = ShardRows(segments: [[0..<1], [1..<2], []], tree: ShardTree(shardCount: 4), owned: 0..<3)
  let y = output(2 * 3 * 2) { unsafe scatterRows([1, 2, 3, 4], width: 2, [2, 2], tableRows: 3, rows: rows, $0) }
  #expect(y == [0, 0, 0, 0, 4, 6] + [0, 0, 0, 0, 0, 0])
}
