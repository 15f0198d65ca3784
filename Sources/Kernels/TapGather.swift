/// Reads windows of an image as the rows of a matrix: row = a window, columns = (tap, channel). Outside the image lie zeros.
struct TapGather {
  /// The image and how many channels it has.
  var height, width, imageChannels: Int
  /// Distance between windows, in pixels.
  var step: Int
  var taps: [Tap]
  /// Size of the window grid.
  var rows, columns: Int
  /// How many channels each tap reads.
  var channels: Int

  /// Columns of the matrix.
  var depth: Int { taps.count * channels }

  /// Whether the matrix is the image itself.
  var isIdentity: Bool { taps.count == 1 && taps[0].row == 0 && taps[0].column == 0 && step == 1 && columns == width && rows <= height }

  /// Writes the windows of `rows` of the grid, from channel `channel` of `image` on.
  func gather(_ image: Input, channel: Int, rows: Range<Int>, into matrix: Output) {
    let depth = depth
    var target = matrix
    for row in rows {
      for (index, tap) in taps.enumerated() {
        let y = row * step + tap.row
        var pixel = target + index * channels
        if y < 0 || y >= height {
          for _ in 0..<columns {
            zero(pixel)
            pixel += depth
          }
          continue
        }
        let line = image + y * width * imageChannels + channel
        for column in 0..<columns {
          let x = column * step + tap.column
          if x < 0 || x >= width { zero(pixel) } else { copy(line + x * imageChannels, pixel) }
          pixel += depth
        }
      }
      target += columns * depth
    }
  }

  @inline(__always)
  private func zero(_ target: Output) {
    for c in 0..<channels { target[c] = 0 }
  }

  @inline(__always)
  private func copy(_ source: Input, _ target: Output) {
    var c = 0
    while c + 16 <= channels {
      target.store(source.lane(c), c)
      c += 16
    }
    while c < channels {
      target[c] = source[c]
      c += 1
    }
  }
}
