import Images
import Testing

@Suite struct PaletteTests {
  /// A picture of these colours.
  private func picture(_ width: Int, _ height: Int, _ colour: (_ x: Int, _ y: Int) -> [UInt8]) -> Picture {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width { pixels += colour(x, y) }
    }
    return Picture(width: width, height: height, channels: 3, pixels: pixels)
  }

  private func meanSquare(_ left: Picture, _ right: Picture) -> Double {
    var sum = 0
    for (one, other) in zip(left.pixels, right.pixels) {
      let difference = Int(one) - Int(other)
      sum += difference * difference
    }
    return Double(sum) / Double(left.pixels.count)
  }

  @Test func `a picture of few colours keeps them`() throws {
    let colours: [[UInt8]] = [[255, 255, 255], [0, 0, 0], [200, 30, 40], [10, 120, 220], [90, 200, 60]]
    let drawn = picture(30, 20) { x, y in colours[(x + 7 * y) % 5] }
    #expect(try Picture(png: drawn.pngData(colours: 8)) == drawn)
  }

  @Test func `the colours are near the picture's and more of them are nearer`() throws {
    let drawn = picture(64, 64) { x, y in [UInt8(4 * x), UInt8(4 * y), UInt8(2 * x + 50)] }
    var before = Double.infinity
    for count in [4, 16, 64, 256] {
      let shown = try Picture(png: drawn.pngData(colours: count))
      let used = Set((0..<64 * 64).map { Array(shown.pixels[3 * $0..<3 * $0 + 3]) })
      #expect(used.count <= count)
      let error = meanSquare(drawn, shown)
      #expect(error < before / 2)
      before = error
    }
    // 256 boxes of a plane of 256 x 256 values are 16 wide: uniform errors of ±8 have a mean square of 21.
    #expect(before < 25)
  }

  @Test func `grey and transparency are shown on white`() throws {
    let grey = Picture(width: 2, height: 1, channels: 1, pixels: [0, 200])
    #expect(try Picture(png: grey.pngData(colours: 2), channels: 3).pixels == [0, 0, 0, 200, 200, 200])
    let clear = Picture(width: 2, height: 1, channels: 4, pixels: [10, 20, 30, 0, 10, 20, 30, 255])
    #expect(try Picture(png: clear.pngData(colours: 2), channels: 3).pixels == [255, 255, 255, 10, 20, 30])
  }
}
