import Sharding

extension WinogradTransform {
  /// `dw = Gᵀ [Σ (Bᵀ d B) ⊙ (A dy Aᵀ)] G`: for each leaf the products are summed over its tiles in ascending order, turned into weights, and
  /// the leaves are added by `rows.steps`. The weights are cut into blocks of input and output channels. How a leaf of a block is summed
  /// depends on its tiles alone: many go through products of matrices (`WeightGradientPanel`); of few, whose sums cost more than their
  /// products, all leaves of a square of 16 channels are summed in registers and added before the next square, so that sums stay near the
  /// core (`WeightGradientSquare`). Where there are too few blocks for all threads, or leaves of both kinds, each leaf of a block is summed
  /// apart.
  static func convolveWeightGradient(_ g: ConvolutionGeometry, rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output) {
    let plan = WeightGradientPlan<Self>(g, rows.segments)
    guard let tiles = plan.allTiles else { return winogradWeightGradient(plan, rows: rows, nil, x, dy, dw) }
    withScratch(tiles.size) { memory in
      plan.transform(tiles, x, dy, memory)
      winogradWeightGradient(plan, rows: rows, memory, x, dy, dw)
    }
  }
}

/// The same, with all tiles transformed or none.
private func winogradWeightGradient<Transform: WinogradTransform>(
  _ plan: WeightGradientPlan<Transform>, rows: ShardRows, _ transformed: Input?, _ x: Input, _ dy: Input, _ dw: Output
) {
  let (leaves, size, blocks) = (plan.all.leaves, plan.geometry.weightSize, plan.blocks)
  let panels = leaves.count { $0.form == .panel }
  if leaves.count == 1 || blocks.count >= 4 * Workers.threads && (panels == 0 || panels == leaves.count) {
    let order = LeafOrder.all(rows.steps)
    return Workers.forEach(blocks.count) { task in
      if panels == 0 {
        plan.sumSquares(blocks[task], leaves.indices, order, transformed, x, dy, dw)
      } else {
        plan.sumPanels(blocks[task], rows: rows, x, dy, dw)
      }
    }
  }
  let apart = [LeafOrder](repeating: LeafOrder(), count: leaves.count)
  withScratch(leaves.count * size) { sums in
    Workers.forEach(leaves.count * blocks.count) { task in
      let (leaf, block) = (task / blocks.count, blocks[task % blocks.count])
      if leaves[leaf].form == .panel {
        plan.sumPanel(block, leaf, x, dy, sums + leaf * size)
      } else {
        plan.sumSquares(block, leaf..<(leaf + 1), apart, transformed, x, dy, sums + leaf * size)
      }
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
