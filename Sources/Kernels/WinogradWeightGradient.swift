import Sharding

/// The adjoint of a convolution by Winograd's algorithm in `w`, summed over the batch: `dw` is `[nodeCount, kernel, kernel, inputs,
/// outputs]`. Each leaf goes by the transforms that suit its size; mostly all have the same.
func winogradWeightGradient(_ g: ConvolutionGeometry, rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output) {
  let transforms = rows.segments.map { g.winogradWeightGradient(samples: $0.reduce(0) { $0 + $1.count }) }
  let kinds = Dictionary(grouping: transforms.indices) { ObjectIdentifier(transforms[$0]) }
  if kinds.count == 1 { return transforms[0].convolveWeightGradient(g, rows: rows, x, dy, dw) }
  withScratch(transforms.count * g.weightSize) { sums in
    for places in kinds.values {
      transforms[places[0]].convolveLeafGradients(g, places.map { rows.segments[$0] }, places, x, dy, sums)
    }
    addLeaves(sums, rows: rows, size: g.weightSize, dw)
  }
}

extension WinogradTransform {
  /// `dw = Gᵀ [Σ (Bᵀ d B) ⊙ (A dy Aᵀ)] G`: for each leaf the products are summed over its tiles in ascending order, turned into weights, and
  /// the leaves are added by `rows.steps`. The weights are cut into blocks of input and output channels. How a leaf of a block is summed
  /// depends on its tiles alone: many go through products of matrices (`WeightGradientPanel`); of few, whose sums cost more than their
  /// products, all leaves of a square of 16 channels are summed in registers and added before the next square, so that sums stay near the
  /// core (`WeightGradientSquare`). Where there are too few blocks for all threads, or leaves of both kinds, each leaf of a block is summed
  /// apart.
  static func convolveWeightGradient(_ g: ConvolutionGeometry, rows: ShardRows, _ x: Input, _ dy: Input, _ dw: Output) {
    let plan = WeightGradientPlan<Self>(g, rows.segments)
    guard let tiles = plan.allTiles else { return plan.sum(rows, nil, x, dy, dw) }
    withScratch(tiles.size) { memory in
      plan.transform(tiles, x, dy, memory)
      plan.sum(rows, memory, x, dy, dw)
    }
  }

  static func convolveLeafGradients(
    _ g: ConvolutionGeometry, _ leaves: [[Range<Int>]], _ places: [Int], _ x: Input, _ dy: Input, _ sums: Output
  ) {
    WeightGradientPlan<Self>(g, leaves).sumApart(places, nil, x, dy, sums)
  }
}

extension WeightGradientPlan {
  /// All leaves and their sums, with all tiles transformed or none.
  fileprivate func sum(_ rows: ShardRows, _ transformed: Input?, _ x: Input, _ dy: Input, _ dw: Output) {
    let (leaves, size, blocks) = (all.leaves, geometry.weightSize, blocks)
    let panels = leaves.count { $0.form == .panel }
    if leaves.count == 1 || blocks.count >= 4 * Workers.threads && (panels == 0 || panels == leaves.count) {
      let order = LeafOrder.all(rows.steps)
      return Workers.forEach(blocks.count) { task in
        if panels == 0 {
          sumSquares(blocks[task], leaves.indices, order, transformed, x, dy, dw)
        } else {
          sumPanels(blocks[task], rows: rows, x, dy, dw)
        }
      }
    }
    withScratch(leaves.count * size) { sums in
      sumApart(Array(leaves.indices), transformed, x, dy, sums)
      addLeaves(sums, rows: rows, size: size, dw)
    }
  }

  /// Each leaf apart; the sum of leaf i is the one at `places[i]` in `sums`.
  fileprivate func sumApart(_ places: [Int], _ transformed: Input?, _ x: Input, _ dy: Input, _ sums: Output) {
    let (leaves, size, blocks) = (all.leaves, geometry.weightSize, blocks)
    let apart = [LeafOrder](repeating: LeafOrder(), count: leaves.count)
    Workers.forEach(leaves.count * blocks.count) { task in
      let (leaf, block) = (task / blocks.count, blocks[task % blocks.count])
      if leaves[leaf].form == .panel {
        sumPanel(block, leaf, x, dy, sums + places[leaf] * size)
      } else {
        sumSquares(block, leaf..<(leaf + 1), apart, transformed, x, dy, sums + places[leaf] * size)
      }
    }
  }
}

/// Adds the sums of all leaves by `rows.steps`.
private func addLeaves(_ sums: Input, rows: ShardRows, size: Int, _ dw: Output) {
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
