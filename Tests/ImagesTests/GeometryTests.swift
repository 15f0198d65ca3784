import Images
import Testing

@Suite struct GeometryTests {
  @Test func `a crop is the part asked for`() {
    let picture = scrambled(7, 5, 3)
    let part = picture.cropped(x: 2, y: 1, width: 4, height: 3)
    for y in 0..<3 {
      for x in 0..<4 {
        for channel in 0..<3 {
          #expect(part[x: x, y: y, channel: channel] == picture[x: x + 2, y: y + 1, channel: channel])
        }
      }
    }
  }

  @Test func `the centre is as far from both edges`() {
    let picture = scrambled(9, 6, 2)
    #expect(picture.centreCropped(width: 5, height: 2) == picture.cropped(x: 2, y: 2, width: 5, height: 2))
    #expect(picture.centreSquare() == picture.cropped(x: 1, y: 0, width: 6, height: 6))
  }

  @Test func `a crop beyond the edge is a programming error`() async {
    await #expect(processExitsWith: .failure) {
      _ = Picture(width: 4, height: 4, channels: 1, filledWith: 0).cropped(x: 2, y: 0, width: 3, height: 1)
    }
  }

  @Test func `enlarging repeats every pixel`() {
    let picture = Picture(width: 2, height: 2, channels: 1, pixels: [1, 2, 3, 4])
    #expect(picture.enlarged(2).pixels == [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4])
  }

  @Test(arguments: Resampling.allCases)
  func `a constant stays constant at any size`(resampling: Resampling) {
    for value: UInt8 in [0, 1, 127, 254, 255] {
      let picture = Picture(width: 13, height: 7, channels: 3, filledWith: value)
      for (width, height) in [(1, 1), (5, 3), (13, 20), (40, 7), (31, 29)] {
        let expected = Picture(width: width, height: height, channels: 3, filledWith: value)
        #expect(picture.resized(width: width, height: height, by: resampling) == expected, "\(value) at \(width) x \(height)")
      }
    }
  }

  @Test func `halving by area takes the mean of four pixels`() {
    let picture = scrambled(12, 8, 3)
    let half = picture.resized(width: 6, height: 4, by: .area)
    for y in 0..<4 {
      for x in 0..<6 {
        for channel in 0..<3 {
          let sum = [(0, 0), (1, 0), (0, 1), (1, 1)]
            .map { Double(picture[x: 2 * x + $0.0, y: 2 * y + $0.1, channel: channel]) }.reduce(0, +)
          #expect(half[x: x, y: y, channel: channel] == UInt8((sum / 4).rounded()))
        }
      }
    }
  }

  @Test func `area weighs partly covered pixels by their part`() {
    let picture = Picture(width: 3, height: 1, channels: 1, pixels: [0, 90, 240])
    // The left half covers pixel 0 and half of pixel 1: (0 + 45) / 1.5; the right: (45 + 240) / 1.5.
    #expect(picture.resized(width: 2, height: 1, by: .area).pixels == [30, 190])
  }

  @Test func `bilinear doubling interpolates between pixel centres`() {
    let picture = Picture(width: 2, height: 1, channels: 1, pixels: [0, 100])
    #expect(picture.resized(width: 4, height: 1, by: .bilinear).pixels == [0, 25, 75, 100])
    let column = Picture(width: 1, height: 2, channels: 1, pixels: [0, 100])
    #expect(column.resized(width: 1, height: 4, by: .bilinear).pixels == [0, 25, 75, 100])
  }

  @Test func `bilinear at another aspect ratio agrees with the formula`() {
    let picture = scrambled(9, 5, 2)
    let (width, height) = (6, 11)
    let resized = picture.resized(width: width, height: height, by: .bilinear)
    for y in 0..<height {
      for x in 0..<width {
        let sourceX = min(max((Double(x) + 0.5) * 9 / Double(width) - 0.5, 0), 8)
        let sourceY = min(max((Double(y) + 0.5) * 5 / Double(height) - 0.5, 0), 4)
        let (left, top) = (Int(sourceX), Int(sourceY))
        let (right, bottom) = (min(left + 1, 8), min(top + 1, 4))
        let (fractionX, fractionY) = (sourceX - Double(left), sourceY - Double(top))
        for channel in 0..<2 {
          func sample(_ x: Int, _ y: Int) -> Double { Double(picture[x: x, y: y, channel: channel]) }
          let upper = sample(left, top) * (1 - fractionX) + sample(right, top) * fractionX
          let lower = sample(left, bottom) * (1 - fractionX) + sample(right, bottom) * fractionX
          let expected = upper * (1 - fractionY) + lower * fractionY
          // Half a step of rounding, and Float's own error.
          #expect(abs(Double(resized[x: x, y: y, channel: channel]) - expected) < 0.501)
        }
      }
    }
  }
}
