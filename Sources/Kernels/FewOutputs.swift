/// Windows times a matrix of up to four columns, as in the layers that make or differentiate images: vectors run along the source's
/// channels, four pixels and four columns at a time. A matrix product of so few columns would leave most of each vector empty.
struct FewOutputs {
  private let windows: TapGather
  private let outputs: Int
  private let lanes: Int

  /// Nil for shapes that this does not serve: a function of the shape alone.
  init?(_ windows: TapGather, outputs: Int, groups: Int) {
    guard groups == 1, outputs <= 4, windows.channels % 16 == 0, windows.channels > 0, !windows.taps.isEmpty else { return nil }
    self.windows = windows
    self.outputs = outputs
    lanes = windows.channels / 16
  }

  /// Each number adds over the taps inside the image in order, over channels sixteen at a time, then over the sixteen.
  ///
  /// - Parameters:
  ///   - weights: `[tap, channel, output]`, rows `weightStride` apart.
  ///   - target: the pixel of a sample's window.
  func run(
    samples: Int, _ source: Input, sourceSize: Int, _ weights: Input, weightStride: Int, _ target: (Int, Int, Int) -> Output
  ) {
    let taps = windows.taps
    let (first, last) = (taps.map(\.column).min() ?? 0, taps.map(\.column).max() ?? 0)
    withScratch(taps.count * windows.channels * 4) { packed in
      pack(weights, weightStride, packed)
      Workers.forEach(samples * windows.rows) { task in
        let (sample, row) = (task / windows.rows, task % windows.rows)
        let image = source + sample * sourceSize
        let lines = taps.indices.filter { index in (0..<windows.height).contains(row * windows.step + taps[index].row) }
        var column = 0
        while column < windows.columns {
          let isInside = column * windows.step + first >= 0 && (column + 3) * windows.step + last < windows.width
          if column + 4 <= windows.columns && isInside {
            sumFour(image, row, column, lines, packed) { target(sample, row, column + $0) }
            column += 4
          } else {
            sumOne(image, row, column, lines, packed, target(sample, row, column))
            column += 1
          }
        }
      }
    }
  }

  /// `[tap][lane][output][16]`, with zeros for outputs that are not there.
  private func pack(_ weights: Input, _ weightStride: Int, _ packed: Output) {
    for tap in windows.taps.indices {
      for channel in 0..<windows.channels {
        let target = packed + ((tap * lanes + channel / 16) * 4) * 16 + channel % 16
        let source = weights + (tap * windows.channels + channel) * weightStride
        for output in 0..<4 { target[output * 16] = output < outputs ? source[output] : 0 }
      }
    }
  }

  private func pixel(_ image: Input, _ tap: Int, _ row: Int, _ column: Int) -> Input {
    let place = windows.taps[tap]
    return image
      + ((row * windows.step + place.row) * windows.width + column * windows.step + place.column) * windows.imageChannels
  }

  private func sumOne(_ image: Input, _ row: Int, _ column: Int, _ lines: [Int], _ packed: Input, _ result: Output) {
    var (s0, s1, s2, s3) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
    for tap in lines where (0..<windows.width).contains(column * windows.step + windows.taps[tap].column) {
      let x = pixel(image, tap, row, column)
      let w = packed + tap * lanes * 64
      for lane in 0..<lanes {
        let value = x.lane(lane * 16)
        s0.addProduct(value, w.lane(lane * 64))
        s1.addProduct(value, w.lane(lane * 64 + 16))
        s2.addProduct(value, w.lane(lane * 64 + 32))
        s3.addProduct(value, w.lane(lane * 64 + 48))
      }
    }
    store(s0, s1, s2, s3, result)
  }

  private func sumFour(
    _ image: Input, _ row: Int, _ column: Int, _ lines: [Int], _ packed: Input, _ result: (Int) -> Output
  ) {
    let stride = windows.step * windows.imageChannels
    var (a0, a1, a2, a3) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
    var (b0, b1, b2, b3) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
    var (c0, c1, c2, c3) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
    var (d0, d1, d2, d3) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
    for tap in lines {
      var x = pixel(image, tap, row, column)
      var w = packed + tap * lanes * 64
      for _ in 0..<lanes {
        let (a, b, c, d) = (x.lane(0), x.lane(stride), x.lane(2 * stride), x.lane(3 * stride))
        var weight = w.lane(0)
        a0.addProduct(a, weight)
        b0.addProduct(b, weight)
        c0.addProduct(c, weight)
        d0.addProduct(d, weight)
        weight = w.lane(16)
        a1.addProduct(a, weight)
        b1.addProduct(b, weight)
        c1.addProduct(c, weight)
        d1.addProduct(d, weight)
        weight = w.lane(32)
        a2.addProduct(a, weight)
        b2.addProduct(b, weight)
        c2.addProduct(c, weight)
        d2.addProduct(d, weight)
        weight = w.lane(48)
        a3.addProduct(a, weight)
        b3.addProduct(b, weight)
        c3.addProduct(c, weight)
        d3.addProduct(d, weight)
        x += 16
        w += 64
      }
    }
    store(a0, a1, a2, a3, result(0))
    store(b0, b1, b2, b3, result(1))
    store(c0, c1, c2, c3, result(2))
    store(d0, d1, d2, d3, result(3))
  }

  @inline(__always)
  private func store(_ s0: Lane, _ s1: Lane, _ s2: Lane, _ s3: Lane, _ result: Output) {
    result[0] = s0.sum()
    if outputs > 1 { result[1] = s1.sum() }
    if outputs > 2 { result[2] = s2.sum() }
    if outputs > 3 { result[3] = s3.sum() }
  }
}
