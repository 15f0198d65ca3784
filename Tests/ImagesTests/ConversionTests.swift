import Images
import Testing

@Suite struct ConversionTests {
  @Test func `colours become grey by their luminance, and equal ones stay`() {
    let picture = Picture(width: 4, height: 1, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 77, 77, 77])
    #expect(picture.converted(toChannels: 1).pixels == [76, 150, 29, 77])
  }

  @Test func `transparent parts are laid on white in proportion`() {
    let picture = Picture(width: 3, height: 1, channels: 4, pixels: [100, 0, 255, 0, 100, 0, 255, 255, 100, 0, 255, 51])
    #expect(picture.converted(toChannels: 3).pixels == [255, 255, 255, 100, 0, 255, 224, 204, 255])
    #expect(Picture(width: 1, height: 1, channels: 2, pixels: [10, 51]).converted(toChannels: 1).pixels == [206])
  }

  @Test(arguments: 1...4)
  func `grey and alpha survive the way to more channels and back`(channels: Int) {
    let grey = scrambled(5, 3, 1)
    #expect(grey.converted(toChannels: channels).converted(toChannels: 1) == grey)
    let clear = scrambled(5, 3, 2)
    #expect(clear.converted(toChannels: 4).converted(toChannels: 2) == clear)
    #expect(scrambled(5, 3, channels).converted(toChannels: channels) == scrambled(5, 3, channels))
  }

  @Test(arguments: 1...4)
  func `planes hold each channel by itself`(channels: Int) {
    let picture = scrambled(5, 3, channels)
    var planes = [UInt8](repeating: 0, count: picture.pixels.count)
    unsafe planes.withUnsafeMutableBufferPointer { unsafe picture.fill(planes: $0) }
    for y in 0..<3 {
      for x in 0..<5 {
        for channel in 0..<channels { #expect(planes[(channel * 3 + y) * 5 + x] == picture[x: x, y: y, channel: channel]) }
      }
    }
    #expect(Picture(planes: planes, width: 5, height: 3, channels: channels) == picture)
  }

  @Test func `the part in the middle has the shape asked for`() {
    let picture = Picture(width: 100, height: 60, channels: 1, filledWith: 0)
    #expect(PicturePart(centreOf: picture, shape: 1, 1) == PicturePart(x: 20, y: 0, width: 60, height: 60))
    #expect(PicturePart(centreOf: picture, shape: 64, 16) == PicturePart(x: 0, y: 17, width: 100, height: 25))
    #expect(PicturePart(centreOf: picture, shape: 50, 30) == PicturePart(allOf: picture))
    #expect(PicturePart(centreOf: picture, shape: 4096, 1).height == 1)
  }

  @Test(arguments: Resampling.allCases)
  func `a part is resized as if it were cut out first`(resampling: Resampling) {
    let picture = scrambled(21, 17, 3)
    let part = PicturePart(x: 3, y: 2, width: 11, height: 13)
    let cut = picture.cropped(x: 3, y: 2, width: 11, height: 13)
    for (width, height) in [(5, 4), (11, 13), (20, 30)] {
      #expect(
        picture.resized(part, width: width, height: height, by: resampling) == cut.resized(width: width, height: height, by: resampling))
    }
  }
}
