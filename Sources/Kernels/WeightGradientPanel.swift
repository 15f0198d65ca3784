/// How a leaf with many tiles is summed for a square of weights: its tiles are transformed some at a time, and the products of each position
/// are added to a matrix of its own, `[position][input][output]`, which is turned into taps at the end.
struct WeightGradientPanel<Transform: WinogradTransform> {
  /// Rows (input channels of all sources) and columns (output channels) of the square.
  let rows, columns: Int

  typealias Operands = Transform.Operands

  /// Tiles that are transformed at once.
  static var run: Int { Transform.tile == 4 ? 64 : 128 }

  // Positions lie a line more apart than they need: distances would else be multiples of 4096 bytes.
  private var inputSize: Int { Operands.words(Self.run) * rows + 16 }
  private var cotangentSize: Int { Operands.words(Self.run) * columns + 16 }
  private var matrixSize: Int { rows * columns + 16 }

  /// Numbers that a sum needs.
  var size: Int { Transform.taps * Transform.taps * rows * columns }

  /// Sums the products of some tiles, in ascending order at each position: `sum [tap][row][column]`.
  ///
  /// - Parameters:
  ///   - input: writes `Bᵀ d B` of a tile's rows: the place in `tiles`, the target, the distance between positions, and how.
  ///   - cotangent: writes `A dy Aᵀ` of its columns, likewise.
  ///   - fetch: fetches the pixels of a tile.
  func add(
    _ tiles: Range<Int>, _ sum: Output, input: (Int, Output, Int, TileLayout) -> Void, cotangent: (Int, Output, Int, TileLayout) -> Void,
    fetch: (Int) -> Void
  ) {
    let positions = Transform.positions
    withScratch(positions * (inputSize + cotangentSize + matrixSize)) { v in
      let u = v + positions * inputSize
      let m = u + positions * cotangentSize
      for first in stride(from: tiles.lowerBound, to: tiles.upperBound, by: Self.run) {
        let count = min(Self.run, tiles.upperBound - first)
        for index in 0..<count {
          let (word, layout) = (index / Operands.terms, index % Operands.terms == 0 ? TileLayout.numbers : .secondTerms)
          input(first + index, v + word * rows, inputSize, layout)
          cotangent(first + index, u + word * columns, cotangentSize, layout)
        }
        if count % Operands.terms != 0 {
          complete(v + count / Operands.terms * rows, count: rows, inputSize)
          complete(u + count / Operands.terms * columns, count: columns, cotangentSize)
        }
        let product = TileProduct<Operands>(
          depth: Operands.words(count), rowStep: 1, termStep: rows, bStep: columns, cStep: columns, accumulate: first > tiles.lowerBound)
        for position in 0..<positions {
          product.run(
            rows: rows, columns: columns, v + position * inputSize, u + position * cotangentSize, m + position * matrixSize)
          // Of few channels the next tiles are fetched meanwhile.
          guard rows + columns <= 256 else { continue }
          for index in (position * Self.run / positions)..<((position + 1) * Self.run / positions)
          where first + Self.run + index < tiles.upperBound {
            fetch(first + Self.run + index)
          }
        }
      }
      turn(m, sum)
    }
  }

  /// Makes words of the last tile's numbers, whose second terms are zeros.
  private func complete(_ numbers: Output, count: Int, _ positionStride: Int) {
    for position in 0..<Transform.positions {
      for lane in stride(from: 0, to: count, by: 16) {
        let place = position * positionStride + lane
        numbers.store(Operands.words(numbers.lane(place), .zero), place)
      }
    }
  }

  /// `Gᵀ m G` at every weight.
  private func turn(_ m: Input, _ sum: Output) {
    let (window, taps) = (Transform.window, Transform.taps)
    Transform.withColumns { lines in
      for row in 0..<rows {
        for column in stride(from: 0, to: columns, by: 16) {
          let source = m + row * columns + column
          let target = sum + row * columns + column
          for j in 0..<window {
            Transform.weightAdjoint({ source.lane(($0 &* window &+ j) &* matrixSize) }, { lines[$0 &* window &+ j] = $1 })
          }
          for tap in 0..<taps {
            Transform.weightAdjoint(
              { lines[tap &* window &+ $0] }, { target.store($1, (tap &* taps &+ $0) &* rows &* columns) })
          }
        }
      }
    }
  }
}
