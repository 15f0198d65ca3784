import Sharding

/// The adjoint of `winogradConvolution` in `w`, summed over the batch: `dw` is `[nodeCount, kernel, kernel, inputs, outputs]`.
///
/// `dw = Gᵀ [Σ (Bᵀ d B) ⊙ (A dy Aᵀ)] G`: for each leaf the products are summed over its tiles in ascending order, turned into weights, and
/// the leaves are added by `rows.steps`. The weights are cut into blocks of input and output channels, whose tiles are transformed once, and
/// these into squares of 16 channels on a side: all leaves of a square are summed and added before the next, so that sums stay near the
/// core. Where there are too few blocks for all threads, each leaf of a block is summed apart.
func winogradWeightGradient<Transform: WinogradTransform>(
  _ g: ConvolutionGeometry, _: Transform.Type, rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output
) {
  let plan = WeightGradientPlan<Transform>(g, rows.segments)
  guard let tiles = plan.allTiles else { return winogradWeightGradient(plan, rows: rows, nil, x, dy, dw) }
  withScratch(tiles.size) { memory in
    plan.transform(tiles, x, dy, memory)
    winogradWeightGradient(plan, rows: rows, memory, x, dy, dw)
  }
}

/// The same, with all tiles transformed or none.
private func winogradWeightGradient<Transform: WinogradTransform>(
  _ plan: WeightGradientPlan<Transform>, rows: ShardRows, _ transformed: Input?, _ x: Input, _ dy: Input, _ dw: Output
) {
  let (leaves, size, blocks) = (rows.segments.count, plan.geometry.weightSize, plan.blocks)
  if leaves == 1 || blocks.count >= 4 * Workers.threads {
    let order = LeafOrder.all(rows.steps)
    return Workers.forEach(blocks.count) { plan.run(blocks[$0], plan.all.pieces.indices, order, transformed, x, dy, dw) }
  }
  let ofLeaf = (0..<leaves).map { leaf in plan.all.pieces.indices.filter { plan.all.pieces[$0].leaf == leaf } }
  let apart = [LeafOrder](repeating: LeafOrder(), count: leaves)
  withScratch(leaves * size) { sums in
    Workers.forEach(leaves * blocks.count) { task in
      let (leaf, block) = (task / blocks.count, blocks[task % blocks.count])
      plan.run(block, ofLeaf[leaf].first!..<(ofLeaf[leaf].last! + 1), apart, transformed, x, dy, sums + leaf * size)
    }
    Workers.forRanges(size, grain: 4096) { range in
      withScratch(rows.stackHeight * range.count) { memory in
        foldTree(rows.steps, size: range.count, memory: memory) { leaf, sum in
          sum.update(from: sums + leaf * size + range.lowerBound, count: range.count)
        } finish: { node, sum in
          (dw + node * size + range.lowerBound).update(from: sum, count: range.count)
        }
      }
    }
  }
}

/// How a leaf's sum joins those before it: how many sums the stack holds then, and how many of these it is added to.
struct LeafOrder {
  var height = 0
  var merges = 0

  /// The order of all leaves, by leaf.
  static func all(_ steps: [ShardTree.Step]) -> [LeafOrder] {
    var (order, height): ([LeafOrder], Int) = ([], 0)
    for step in steps {
      switch step {
      case .push:
        order.append(LeafOrder(height: height))
        height += 1
      case .merge:
        order[order.count - 1].merges += 1
        height -= 1
      }
    }
    return order
  }
}

/// A square of weights: groups of 16 input channels, counted source by source, and groups of 16 output channels.
private struct WeightBlock {
  let rows, columns: Range<Int>
}

/// Where transformed tiles lie: `[group][line][tile][position][16]`, the groups of inputs before those of cotangents.
private struct TransformedTiles<Transform: WinogradTransform> {
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
private struct WeightGradientPlan<Transform: WinogradTransform> {
  let geometry: ConvolutionGeometry
  let sources: [WinogradSource]
  let target: PixelLattice
  let grid: WinogradTiles<Transform>
  let all: WeightGradientPieces<Transform>

  init(_ g: ConvolutionGeometry, _ leaves: [[Range<Int>]]) {
    (geometry, sources, target) = (g, g.winogradSources, g.outputPixels)
    grid = WinogradTiles(target)
    all = WeightGradientPieces(leaves, grid, sources, target)
  }

  private var rowGroups: Int { sources.count * geometry.inputChannels / 16 }
  private var columnGroups: Int { geometry.outputChannels / 16 }

  /// All tiles of all channels, if they are few enough to stay in the last-level cache: blocks then need not transform them again.
  var allTiles: TransformedTiles<Transform>? {
    let tiles = TransformedTiles<Transform>(
      block: WeightBlock(rows: 0..<rowGroups, columns: 0..<columnGroups), tiles: all.tiles.indices)
    return tiles.tiles.count <= Self.mostTiles && tiles.size <= 8 << 20 ? tiles : nil
  }

  /// Blocks of up to 128 channels on a side; smaller ones only where a thread would find no work. Summing leaves apart makes work too, and of
  /// many tiles costs less than transforming them for more blocks.
  var blocks: [WeightBlock] {
    let enough = all.tiles.count < 512 ? 4 * Workers.threads : 1
    var (rows, columns) = (min(8, rowGroups), min(8, columnGroups))
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

  /// Runs of pieces whose tiles are transformed together.
  private func runs(_ pieces: Range<Int>) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for index in pieces {
      if let last = runs.last, tiles(last.lowerBound..<(index + 1)).count <= Self.mostTiles {
        runs[runs.count - 1] = last.lowerBound..<(index + 1)
      } else {
        runs.append(index..<(index + 1))
      }
    }
    return runs
  }

  /// The tiles of some pieces.
  private func tiles(_ pieces: Range<Int>) -> Range<Int> {
    all.pieces[pieces.lowerBound].tiles.lowerBound..<all.pieces[pieces.upperBound - 1].tiles.upperBound
  }

  /// Sums a block over some pieces and adds their leaves as `order` says; the sums that remain go to `dw`, one after the other.
  ///
  /// - Parameter transformed: `allTiles`, or nil.
  func run(
    _ block: WeightBlock, _ pieces: Range<Int>, _ order: [LeafOrder], _ transformed: Input?, _ x: Input, _ dy: Input, _ dw: Output
  ) {
    let stackHeight = pieces.reduce(1) { max($0, order[all.pieces[$1].leaf].height + 1) }
    let squareSize = WeightGradientSquare<Transform>.size(stackHeight: stackHeight)
    if let transformed, let tiles = allTiles {
      return withScratch(squareSize) { memory in
        let square = WeightGradientSquare<Transform>(stackHeight: stackHeight, memory: memory)
        sum(block, pieces, order, tiles, transformed, isLast: true, dw) { _, _ in square }
      }
    }
    let runs = runs(pieces)
    let parts = runs.map { TransformedTiles<Transform>(block: block, tiles: tiles($0)) }
    let largest = parts.reduce(0) { max($0, $1.size) }
    // The sums of all squares wait for the next run.
    withScratch(largest + block.rows.count * block.columns.count * squareSize) { memory in
      for (run, part) in zip(runs, parts) {
        transform(part, x, dy, memory)
        sum(block, run, order, part, memory, isLast: run.upperBound == pieces.upperBound, dw) { row, column in
          let index = (row - block.rows.lowerBound) * block.columns.count + column - block.columns.lowerBound
          return WeightGradientSquare(stackHeight: stackHeight, memory: memory + largest + index * squareSize)
        }
      }
    }
  }

  /// Sums all squares of a block over some pieces.
  private func sum(
    _ block: WeightBlock, _ pieces: Range<Int>, _ order: [LeafOrder], _ tiles: TransformedTiles<Transform>, _ transformed: Input,
    isLast: Bool, _ dw: Output, square: (Int, Int) -> WeightGradientSquare<Transform>
  ) {
    let last = order[all.pieces[pieces.upperBound - 1].leaf]
    let terms = all.terms.map { term in
      let place = term.tile * Transform.window * 16
      return SIMD2(place + term.row * tiles.lineStep, place + term.cotangentRow * tiles.lineStep)
    }
    for row in block.rows {
      let source = row * 16 / geometry.inputChannels
      for column in block.columns {
        let square = square(row, column)
        for index in pieces {
          let piece = all.pieces[index]
          let v = transformed + tiles.input(row, tile: piece.tiles.lowerBound)
          let u = transformed + tiles.cotangent(column, tile: piece.tiles.lowerBound)
          if piece.goesByLines {
            all.lines.withUnsafeBufferPointer { lines in
              terms.withUnsafeBufferPointer { terms in
                let first = lines.baseAddress! + all.firstLines[index] + source * Transform.taps
                square.addLines(first, terms.baseAddress!, v, u, order[piece.leaf])
              }
            }
          } else {
            square.addTiles(piece, lineStep: tiles.lineStep, v, u, order[piece.leaf])
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
        let byLines = all.piece(of: place).goesByLines
        var first = rows.lowerBound
        while first < rows.upperBound {
          let (source, group) = (first / groups, first % groups)
          let end = min(rows.upperBound, (source + 1) * groups)
          grid.transformInput(
            sources[source].pixels, x, tile: all.tiles[place], channels: (group * 16)..<((group + end - first) * 16), zeros: zeros,
            memory + part.input(first, tile: place), positionStride: 16, lineStep: part.lineStep, groupStep: part.groupStep,
            byLines: byLines)
          first = end
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
