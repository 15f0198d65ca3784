/// Convolutions of several sources whose sum makes the pixels of one lattice; their channels lie one after the other along the depth of
/// the products.
struct WinogradPhase {
  var sources: [WinogradSource]
  var target: PixelLattice
}

/// A pass of a convolution by Winograd's algorithm, forward or back to the images.
///
/// Tiles of all samples are taken together, some at a time: each of the products adds over sources and input channels in ascending order, so
/// a tile's bits do not depend on its block.
struct WinogradPass<Transform: WinogradTransform> {
  typealias Operands = Transform.Operands
  let phases: [WinogradPhase]
  let weights: WinogradWeights<Transform>
  /// What is added to each output channel.
  let bias: Input?
  /// Whether to add to what the targets hold.
  let accumulate: Bool
  private let tiles: [WinogradTiles<Transform>]

  /// - Parameter phases: each with the same number of sources.
  init(_ phases: [WinogradPhase], _ weights: WinogradWeights<Transform>, bias: Input?, accumulate: Bool = false) {
    self.phases = phases
    self.weights = weights
    self.bias = bias
    self.accumulate = accumulate
    tiles = phases.map { WinogradTiles($0.target) }
  }

  /// Transformed weights that blocks of tiles go through one after the other.
  static var mostWeights: Int { 36 * 512 * 512 }
  private var inputs: Int { weights.inputs }
  private var outputs: Int { weights.outputs }
  /// Words of each product.
  private var depth: Int { phases[0].sources.count * inputs / Operands.terms }
  /// The rows of transformed tiles lie so far apart. Without the line added here distances are often multiples of 4096 bytes, and lines so
  /// far apart drive one another out of the first-level cache.
  private var rowStep: Int { depth + 16 }
  /// The packed weights of one position, for the same reason.
  private var packedStep: Int { depth * outputs + 16 }

  /// Whether pixels are fetched while products are computed, as transforms would wait for them: of so few channels that what is fetched
  /// stays near the core.
  private var fetchesAhead: Bool { depth <= 512 && outputs <= 512 }

  /// Tiles that go through the weights together: their words and products stay in the second-level cache, or nearly.
  private static var mostTiles: Int { Transform.tile == 4 ? 24 : 48 }

  /// `x` are the images of the sources, `y` those of the targets, `w` is laid out as `weights` says; turned, input and output channels are
  /// exchanged and the kernel is read from its end.
  func run(samples: Int, _ x: Input, _ w: Input, isTurned: Bool, _ y: Output) {
    // Where there are fewer tiles than columns, or the weights would not stay in the cache, it is the tiles that are read again and again.
    let mostTiles = tiles.reduce(0) { max($0, samples * $1.count) }
    if 3 * mostTiles < 2 * outputs || phases.count * Transform.positions * depth * outputs > Self.mostWeights {
      for phase in phases.indices { runByColumns(phase, samples: samples, x, w, isTurned: isTurned, y) }
    } else if isTurned {
      weights.withTurned(w) { runByTiles(samples: samples, x, $0, y) }
    } else {
      runByTiles(samples: samples, x, w, y)
    }
  }

  /// `Bᵀ d B` of some tiles in all sources: `v[position · positionStride + tile · rowStep + source · inputs + channel]`, in words.
  private func transformInputs(
    _ phase: Int, _ x: Input, tiles range: Range<Int>, zeros: Input, _ v: Output, positionStride: Int
  ) {
    let (grid, inputs, rowStep) = (tiles[phase], inputs, rowStep)
    phases[phase].sources.withUnsafeBufferPointer { sources in
      for tile in range {
        let row = v + (tile - range.lowerBound) * rowStep
        for index in sources.indices {
          grid.transformInput(
            sources[index].pixels, x, tile: tile, channels: 0..<inputs, zeros: zeros, row + index * inputs / Operands.terms,
            positionStride: positionStride, layout: .terms)
        }
      }
    }
  }

  /// Of `count` tiles, those to be fetched while the products of a position are computed.
  private func part(_ position: Int, of count: Int) -> Range<Int> {
    (position * count / Transform.positions)..<((position + 1) * count / Transform.positions)
  }

  /// All weights are transformed, then blocks of tiles go through all of them.
  private func runByTiles(samples: Int, _ x: Input, _ w: Input, _ y: Output) {
    let (depth, rowStep, positions) = (depth, rowStep, Transform.positions)
    let size = positions * packedStep
    let totals = tiles.map { samples * $0.count }
    // Smaller blocks only where a thread would find no work.
    let share = (totals.reduce(0, +) + Workers.threads - 1) / Workers.threads
    let block = min(Self.mostTiles, max(4, (share + 3) / 4 * 4))
    // All phases read the same pixels: one after the other while their weights stay near the core, else each one apart.
    let together = phases.count * size <= 1 << 18
    var blocks = totals.enumerated().flatMap { phase, total in stride(from: 0, to: total, by: block).map { (phase: phase, first: $0) } }
    if together { blocks.sort { ($0.first, $0.phase) < ($1.first, $1.phase) } }
    withScratch(phases.count * size + inputs) { packed in
      let zeros = packed + phases.count * size
      zeros.update(repeating: 0, count: inputs)
      packAll(w, packed)
      Workers.forEach(blocks.count) { task in
        let (phase, first) = blocks[task]
        let (grid, target) = (tiles[phase], phases[phase].target)
        let count = min(block, totals[phase] - first)
        // Whole groups of four rows; those beyond the last tile are computed from zeros and never read.
        let padded = (count + 3) / 4 * 4
        withScratch(positions * block * (rowStep + outputs + 16)) { v in
          let m = v + positions * block * rowStep
          let cStep = outputs + 16
          for position in 0..<positions where padded > count {
            (v + (position * block + count) * rowStep).update(repeating: 0, count: (padded - count) * rowStep)
          }
          transformInputs(phase, x, tiles: first..<(first + count), zeros: zeros, v, positionStride: block * rowStep)
          let product = TileProduct<Operands>(depth: depth, rowStep: rowStep, termStep: 1, bStep: nil, cStep: cStep, accumulate: false)
          // The block that this thread is likely to take next.
          let next = fetchesAhead && task + Workers.threads < blocks.count ? blocks[task + Workers.threads] : nil
          let nextCount = next.map { min(block, totals[$0.phase] - $0.first) } ?? 0
          let nextSources = next.map { phases[$0.phase].sources } ?? []
          for position in 0..<positions {
            product.run(
              rows: padded, columns: outputs, v + position * block * rowStep, packed + phase * size + position * packedStep,
              m + position * block * cStep)
            guard fetchesAhead else { continue }
            for tile in part(position, of: count) { grid.fetchTile(target, y, tile: first + tile, toWrite: true) }
            if let next { tiles[next.phase].fetch(nextSources, x, tiles: part(position, of: nextCount), from: next.first) }
          }
          for tile in 0..<count {
            grid.transformOutput(
              m + tile * cStep, positionStride: block * cStep, tile: first + tile, channels: 0..<outputs, bias: bias,
              accumulate: accumulate, target, y)
          }
        }
      }
    }
  }

  /// `G w Gᵀ` of all phases, packed by position and blocks of 32 (last: 16) output channels: `[phase][position][block][depth][32]`.
  private func packAll(_ w: Input, _ packed: Output) {
    let depth = depth
    let sources = phases[0].sources.count
    let grain = Operands.terms * Operands.words(max(1, threadingGrain / (Transform.positions * outputs)))
    let runs = (inputs + grain - 1) / grain
    Workers.forEach(phases.count * sources * runs) { task in
      let (phase, source, first) = (task / (sources * runs), task / runs % sources, task % runs * grain)
      let range = first..<min(inputs, first + grain)
      for column in stride(from: 0, to: outputs, by: 32) {
        let columns = column..<min(outputs, column + 32)
        let target =
          packed + phase * Transform.positions * packedStep + column * depth + (source * inputs + first) / Operands.terms * columns.count
        weights.pack(phases[phase].sources[source], w, columns: columns, inputs: range, target, positionStride: packedStep)
      }
    }
  }

  /// The same with weights read once: up to 512 tiles are transformed, then each block of 32 output channels turns its own weights, up to
  /// 256 input channels at a time, and goes through all of them.
  private func runByColumns(_ phase: Int, samples: Int, _ x: Input, _ w: Input, isTurned: Bool, _ y: Output) {
    let (rowStep, positions, tiles, target) = (rowStep, Transform.positions, tiles[phase], phases[phase].target)
    let total = samples * tiles.count
    let group = min(512, (total + 3) / 4 * 4)
    withScratch(positions * group * rowStep + inputs) { v in
      let zeros = v + positions * group * rowStep
      zeros.update(repeating: 0, count: inputs)
      for first in stride(from: 0, to: total, by: group) {
        let count = min(group, total - first)
        let padded = (count + 3) / 4 * 4
        Workers.forRanges(count, grain: 4) { range in
          transformInputs(
            phase, x, tiles: (first + range.lowerBound)..<(first + range.upperBound), zeros: zeros, v + range.lowerBound * rowStep,
            positionStride: group * rowStep)
        }
        for position in 0..<positions where padded > count {
          (v + (position * group + count) * rowStep).update(repeating: 0, count: (padded - count) * rowStep)
        }
        Workers.forEach((outputs + 31) / 32) { index in
          let columns = index * 32..<min(outputs, index * 32 + 32)
          let apart = padded * columns.count + 16
          withScratch(positions * (256 * columns.count + 16 + apart)) { m in
            multiplyColumns(
              phase, w, isTurned: isTurned, columns, v, rowsApart: group, rows: padded, packed: m + positions * apart, m, apart: apart)
            for tile in 0..<count {
              tiles.transformOutput(
                m + tile * columns.count, positionStride: apart, tile: first + tile, channels: columns, bias: bias,
                accumulate: accumulate, target, y)
            }
          }
        }
      }
    }
  }

  /// The products of some tiles with 32 or 16 columns: `m [position][row][column]`, positions so far apart.
  private func multiplyColumns(
    _ phase: Int, _ w: Input, isTurned: Bool, _ columns: Range<Int>, _ v: Input, rowsApart: Int, rows: Int, packed: Output, _ m: Output,
    apart: Int
  ) {
    var product = TileProduct<Operands>(depth: 0, rowStep: rowStep, termStep: 1, bStep: nil, cStep: columns.count, accumulate: false)
    for (index, source) in phases[phase].sources.enumerated() {
      for first in stride(from: 0, to: inputs, by: 256) {
        let range = first..<min(first + 256, inputs)
        product.depth = range.count / Operands.terms
        product.accumulate = index + first > 0
        let stride = product.depth * columns.count + 16
        if isTurned {
          weights.packTurned(source, w, columns: columns, inputs: range, packed, positionStride: stride)
        } else {
          weights.pack(source, w, columns: columns, inputs: range, packed, positionStride: stride)
        }
        for position in 0..<Transform.positions {
          product.run(
            rows: rows, columns: columns.count, v + position * rowsApart * rowStep + (index * inputs + first) / Operands.terms,
            packed + position * stride,
            m + position * apart)
        }
      }
    }
  }
}
