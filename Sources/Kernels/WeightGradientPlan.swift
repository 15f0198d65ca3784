import Sharding

/// A square of weights: groups of 16 input channels, counted source by source, and groups of 16 output channels.
struct WeightBlock {
  let rows, columns: Range<Int>
}

/// Where transformed tiles lie: `[group][line][tile][position][16]`, the groups of inputs before those of cotangents.
struct TransformedTiles<Transform: WinogradTransform> {
  let block: WeightBlock
  /// Places in the list of all tiles.
  let tiles: Range<Int>

  /// Numbers of the positions of a line of a tile.
  private var width: Int { Transform.window * 16 }
  var lineStep: Int { tiles.count * width }
  /// A line more than they need: groups would else lie multiples of 4096 bytes apart.
  var groupStep: Int { Transform.window * lineStep + 16 }
  /// Numbers of all.
  var size: Int { (block.rows.count + block.columns.count) * groupStep }

  func input(_ group: Int, tile: Int) -> Int { (group - block.rows.lowerBound) * groupStep + (tile - tiles.lowerBound) * width }
  func cotangent(_ group: Int, tile: Int) -> Int {
    (block.rows.count + group - block.columns.lowerBound) * groupStep + (tile - tiles.lowerBound) * width
  }
}

/// How a weight gradient is cut, and how a block of it is computed.
struct WeightGradientPlan<Transform: WinogradTransform> {
  let geometry: ConvolutionGeometry
  let sources: [WinogradSource]
  let target: PixelLattice
  let grid: WinogradTiles<Transform>
  let all: WeightGradientLeaves<Transform>

  init(_ g: ConvolutionGeometry, _ leaves: [[Range<Int>]]) {
    (geometry, sources, target) = (g, g.winogradSources, g.outputPixels)
    grid = WinogradTiles(target)
    all = WeightGradientLeaves(leaves, grid, sources, target)
  }

  private var rowGroups: Int { sources.count * geometry.inputChannels / 16 }
  private var columnGroups: Int { geometry.outputChannels / 16 }

  /// All tiles of all channels, if they are few enough to stay in the last-level cache: blocks then need not transform them again.
  var allTiles: TransformedTiles<Transform>? {
    let tiles = TransformedTiles<Transform>(
      block: WeightBlock(rows: 0..<rowGroups, columns: 0..<columnGroups), tiles: all.tiles.indices)
    return tiles.tiles.count <= Self.mostTiles && tiles.size <= 8 << 20 && all.leaves.allSatisfy { $0.form != .panel } ? tiles : nil
  }

  /// Blocks of up to 256 inputs and 128 outputs, 128 of both where leaves have few tiles: a thread's tiles and products are then few enough
  /// for the last-level cache. Smaller ones only where a thread would find no work. Summing leaves apart makes work too, and of many tiles
  /// costs less than transforming them for more blocks.
  var blocks: [WeightBlock] {
    let few = all.leaves.contains { $0.form != .panel }
    let enough =
      few ? (all.tiles.count < 512 ? 4 * Workers.threads : 1) : (2 * Workers.threads + all.leaves.count - 1) / all.leaves.count
    var (rows, columns) = (min(few ? 8 : 16, rowGroups), min(8, columnGroups))
    func count() -> Int { ((rowGroups + rows - 1) / rows) * ((columnGroups + columns - 1) / columns) }
    while count() < enough && max(rows, columns) > 4 {
      if columns >= rows { columns = (columns + 1) / 2 } else { rows = (rows + 1) / 2 }
    }
    return stride(from: 0, to: rowGroups, by: rows).flatMap { row in
      stride(from: 0, to: columnGroups, by: columns).map { column in
        WeightBlock(rows: row..<min(rowGroups, row + rows), columns: column..<min(columnGroups, column + columns))
      }
    }
  }

  /// Tiles that are transformed at once.
  private static var mostTiles: Int { 64 }

  /// Runs of leaves whose tiles are transformed together.
  private func runs(_ leaves: Range<Int>) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for index in leaves {
      if let last = runs.last, tiles(last.lowerBound..<(index + 1)).count <= Self.mostTiles {
        runs[runs.count - 1] = last.lowerBound..<(index + 1)
      } else {
        runs.append(index..<(index + 1))
      }
    }
    return runs
  }

  /// The tiles of some leaves.
  private func tiles(_ leaves: Range<Int>) -> Range<Int> {
    all.leaves[leaves.lowerBound].tiles.lowerBound..<all.leaves[leaves.upperBound - 1].tiles.upperBound
  }

  /// Sums a block over some leaves of few tiles and adds them as `order` says; the sums that remain go to `dw`, one after the other.
  ///
  /// - Parameter transformed: `allTiles`, or nil.
  func sumSquares(
    _ block: WeightBlock, _ leaves: Range<Int>, _ order: [LeafOrder], _ transformed: Input?, _ x: Input, _ dy: Input, _ dw: Output
  ) {
    let stackHeight = leaves.reduce(1) { max($0, order[$1].height + 1) }
    let squareSize = WeightGradientSquare<Transform>.size(stackHeight: stackHeight)
    if let transformed, let tiles = allTiles {
      return withScratch(squareSize) { memory in
        let square = WeightGradientSquare<Transform>(stackHeight: stackHeight, memory: memory)
        sum(block, leaves, order, tiles, transformed, isLast: true, dw) { _, _ in square }
      }
    }
    let runs = runs(leaves)
    let parts = runs.map { TransformedTiles<Transform>(block: block, tiles: tiles($0)) }
    let largest = parts.reduce(0) { max($0, $1.size) }
    // The sums of all squares wait for the next run.
    withScratch(largest + block.rows.count * block.columns.count * squareSize) { memory in
      for (run, part) in zip(runs, parts) {
        transform(part, x, dy, memory)
        sum(block, run, order, part, memory, isLast: run.upperBound == leaves.upperBound, dw) { row, column in
          let index = (row - block.rows.lowerBound) * block.columns.count + column - block.columns.lowerBound
          return WeightGradientSquare(stackHeight: stackHeight, memory: memory + largest + index * squareSize)
        }
      }
    }
  }

  /// Sums a block over all leaves, of many tiles each, and adds these.
  func sumPanels(_ block: WeightBlock, rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output) {
    let panel = panel(block)
    withScratch(rows.stackHeight * panel.size) { memory in
      foldTree(rows.steps, size: panel.size, memory: memory) { leaf, sum in
        add(leaf, block, panel, x, dy, sum)
      } finish: { node, sum in
        write(sum, block, dw + node * geometry.weightSize)
      }
    }
  }

  /// The sum of one leaf of many tiles.
  func sumPanel(_ block: WeightBlock, _ leaf: Int, _ x: Input, _ dy: Input, _ dw: Output) {
    let panel = panel(block)
    withScratch(panel.size) { sum in
      add(leaf, block, panel, x, dy, sum)
      write(sum, block, dw)
    }
  }

  private func panel(_ block: WeightBlock) -> WeightGradientPanel<Transform> {
    WeightGradientPanel(rows: block.rows.count * 16, columns: block.columns.count * 16)
  }

  private func add(_ leaf: Int, _ block: WeightBlock, _ panel: WeightGradientPanel<Transform>, _ x: Input, _ dy: Input, _ sum: Output) {
    let widest = max(geometry.inputChannels, panel.columns)
    withScratch(widest) { zeros in
      zeros.update(repeating: 0, count: widest)
      panel.add(all.leaves[leaf].tiles, sum) { place, v, positionStride, layout in
        forSources(of: block.rows) { source, channels, row in
          grid.transformInput(
            sources[source].pixels, x, tile: all.tiles[place], channels: channels, zeros: zeros, v + row, positionStride: positionStride,
            groupStep: 16, layout: layout)
        }
      } cotangent: { place, u, positionStride, layout in
        grid.transformCotangent(
          target, dy, tile: all.tiles[place], channels: (block.columns.lowerBound * 16)..<(block.columns.upperBound * 16), zeros: zeros, u,
          positionStride: positionStride, groupStep: 16, layout: layout)
      } fetch: { place in
        forSources(of: block.rows) { source, _, _ in grid.fetch(sources[source].pixels, x, tile: all.tiles[place]) }
        grid.fetchTile(target, dy, tile: all.tiles[place], toWrite: false)
      }
    }
  }

  /// The sources that some groups of input channels belong to, with their channels and the row of the first, from 0.
  private func forSources(of rows: Range<Int>, _ body: (Int, Range<Int>, Int) -> Void) {
    let groups = geometry.inputChannels / 16
    var first = rows.lowerBound
    while first < rows.upperBound {
      let (source, group) = (first / groups, first % groups)
      let end = min(rows.upperBound, (source + 1) * groups)
      body(source, (group * 16)..<((group + end - first) * 16), (first - rows.lowerBound) * 16)
      first = end
    }
  }

  /// Copies the sum of a panel into its places in the weights.
  private func write(_ sum: Input, _ block: WeightBlock, _ dw: Output) {
    let weights = WinogradWeights<Transform>(inputs: geometry.inputChannels, outputs: geometry.outputChannels, step: geometry.stride)
    let (rows, columns) = (block.rows.count * 16, block.columns.count * 16)
    for tap in 0..<Transform.taps * Transform.taps {
      forSources(of: block.rows) { source, channels, row in
        let place = dw + weights.offset(sources[source], tap / Transform.taps, tap % Transform.taps) + block.columns.lowerBound * 16
        for (index, channel) in channels.enumerated() {
          (place + channel * geometry.outputChannels).update(from: sum + (tap * rows + row + index) * columns, count: columns)
        }
      }
    }
  }

  /// Sums all squares of a block over some leaves.
  private func sum(
    _ block: WeightBlock, _ leaves: Range<Int>, _ order: [LeafOrder], _ tiles: TransformedTiles<Transform>, _ transformed: Input,
    isLast: Bool, _ dw: Output, square: (Int, Int) -> WeightGradientSquare<Transform>
  ) {
    let last = order[leaves.upperBound - 1]
    let terms = all.terms.map { term in
      let place = term.tile * Transform.window * 16
      return SIMD2(place + term.row * tiles.lineStep, place + term.cotangentRow * tiles.lineStep)
    }
    for row in block.rows {
      let source = row * 16 / geometry.inputChannels
      for column in block.columns {
        let square = square(row, column)
        for index in leaves {
          let leaf = all.leaves[index]
          let v = transformed + tiles.input(row, tile: leaf.tiles.lowerBound)
          let u = transformed + tiles.cotangent(column, tile: leaf.tiles.lowerBound)
          if leaf.form == .lines {
            all.lines.withUnsafeBufferPointer { lines in
              terms.withUnsafeBufferPointer { terms in
                let first = lines.baseAddress! + all.firstLines[index] + source * Transform.taps
                square.addLines(first, terms.baseAddress!, v, u, order[index])
              }
            }
          } else {
            square.addTiles(leaf.tiles.count, lineStep: tiles.lineStep, v, u, order[index])
          }
        }
        if isLast {
          for node in 0..<(last.height + 1 - last.merges) {
            write(square, node, source, row * 16 % geometry.inputChannels, column, dw)
          }
        }
      }
    }
  }

  /// Transforms some tiles of some channels.
  func transform(_ part: TransformedTiles<Transform>, _ x: Input, _ dy: Input, _ memory: Output) {
    let (rows, columns) = (part.block.rows, part.block.columns)
    let groups = geometry.inputChannels / 16
    let widest = max(groups, columns.count) * 16
    withScratch(widest) { zeros in
      zeros.update(repeating: 0, count: widest)
      Workers.forEach(part.tiles.count) { index in
        let place = part.tiles.lowerBound + index
        let byLines = all.leaf(of: place).form == .lines
        forSources(of: rows) { source, channels, row in
          grid.transformInput(
            sources[source].pixels, x, tile: all.tiles[place], channels: channels, zeros: zeros,
            memory + part.input(rows.lowerBound + row / 16, tile: place), positionStride: 16, lineStep: part.lineStep,
            groupStep: part.groupStep, byLines: byLines)
        }
        grid.transformCotangent(
          target, dy, tile: all.tiles[place], channels: (columns.lowerBound * 16)..<(columns.upperBound * 16), zeros: zeros,
          memory + part.cotangent(columns.lowerBound, tile: place), positionStride: 16, lineStep: part.lineStep, groupStep: part.groupStep,
          byLines: byLines)
      }
    }
  }

  /// Copies a sum of leaves into its places in the weights.
  private func write(
    _ square: WeightGradientSquare<Transform>, _ node: Int, _ source: Int, _ input: Int, _ column: Int, _ dw: Output
  ) {
    let weights = WinogradWeights<Transform>(inputs: geometry.inputChannels, outputs: geometry.outputChannels, step: geometry.stride)
    let corner = dw + node * geometry.weightSize + input * geometry.outputChannels + column * 16
    for tap in 0..<Transform.taps * Transform.taps {
      let place = corner + weights.offset(sources[source], tap / Transform.taps, tap % Transform.taps)
      for row in 0..<16 { place.store(square.sum(node, tap: tap, row: row), row * geometry.outputChannels) }
    }
  }
}
