/// How a 3x3 kernel becomes one of 4x4 and stride 2, exactly.
public enum Widening: Sendable, Hashable {
  /// `wide[a, b] = (w[a, b] + w[a-1, b] + w[a, b-1] + w[a-1, b-1]) / 4`, taps outside 0...2 being zero: a convolution of stride 2 with it
  /// is the one with the 3x3 kernel followed by the mean of 2x2 pixels.
  case pooling
  /// The same without the division, of the kernel turned by 180° with input and output channels exchanged: the adjoint of a convolution of
  /// stride 2 with it repeats each pixel in both directions and then convolves with the 3x3 kernel.
  case upsampling

  /// The wide kernel `[4, 4, inputs, outputs]`, for upsampling `[4, 4, outputs, inputs]`, of `scale · w`, `w`
  /// `[3, 3, inputs, outputs]`.
  public func widen(inputs: Int, outputs: Int, _ w: Input, scale: Float = 1, _ wide: Output) {
    let size = inputs * outputs
    Workers.forEach(16) { tap in
      let (row, column) = (tap / 4, tap % 4)
      switch self {
      case .pooling:
        sum([row, row - 1], [column, column - 1], side: 3, size: size, factor: 0.25 * scale, w, wide + tap * size)
      case .upsampling:
        withScratch(size) { memory in
          sum([2 - row, 3 - row], [2 - column, 3 - column], side: 3, size: size, factor: scale, w, memory)
          turn(memory, rows: inputs, columns: outputs, stride: outputs, wide + tap * size)
        }
      }
    }
  }

  /// The adjoint of `widen`.
  public func narrow(inputs: Int, outputs: Int, _ wide: Input, _ w: Output) {
    let size = inputs * outputs
    Workers.forEach(9) { tap in
      let (row, column) = (tap / 3, tap % 3)
      switch self {
      case .pooling:
        sum([row, row + 1], [column, column + 1], side: 4, size: size, factor: 0.25, wide, w + tap * size)
      case .upsampling:
        withScratch(size) { memory in
          sum([2 - row, 3 - row], [2 - column, 3 - column], side: 4, size: size, factor: 1, wide, memory)
          turn(memory, rows: outputs, columns: inputs, stride: inputs, w + tap * size)
        }
      }
    }
  }

  /// The sum of the taps in two rows and columns of a kernel of `side` x `side` taps, as far as they exist, times a factor.
  private func sum(_ rows: [Int], _ columns: [Int], side: Int, size: Int, factor: Float, _ x: Input, _ y: Output) {
    let inside = 0..<side
    let sources = rows.filter(inside.contains).flatMap { row in columns.filter(inside.contains).map { x + (row * side + $0) * size } }
    for index in 0..<size { y[index] = sources[0][index] * factor }
    for source in sources.dropFirst() {
      for index in 0..<size { y[index] += source[index] * factor }
    }
  }
}
