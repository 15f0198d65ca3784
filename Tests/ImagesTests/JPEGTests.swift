import Foundation
import Images
import Testing

@Suite struct JPEGTests {
  /// The largest distance between a picture and the pattern of the samples.
  func distance(_ picture: Picture, _ channels: Int) -> Int {
    var largest = 0
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        let pattern = [10 * x, 15 * y, max(0, 255 - 5 * x - 4 * y)]
        for channel in 0..<channels { largest = max(largest, abs(Int(picture[x: x, y: y, channel: channel]) - pattern[channel])) }
      }
    }
    return largest
  }

  @Test(arguments: [(JPEGSamples.grey, 1), (JPEGSamples.colour, 3), (JPEGSamples.progressive, 3), (JPEGSamples.cmyk, 3)])
  func `grey, colour, progressive and printed JPEGs are decoded`(bytes: [UInt8], channels: Int) throws {
    let picture = try Picture(jpeg: bytes)
    #expect((picture.width, picture.height, picture.channels) == (24, 16, channels))
    #expect(distance(picture, channels) <= 4)
    #expect(try Picture(encoded: bytes) == picture)
  }

  @Test(arguments: [JPEGSamples.grey, JPEGSamples.colour, JPEGSamples.progressive, JPEGSamples.cmyk])
  func `a JPEG cut short anywhere is refused`(bytes: [UInt8]) {
    // The last two bytes are the end marker.
    for length in stride(from: 0, to: bytes.count - 2, by: 7) {
      let error = imageError { _ = try Picture(jpeg: Array(bytes[..<length])) }
      #expect(error?.reason.isEmpty == false, "\(length) of \(bytes.count) bytes")
    }
  }

  @Test func `any single damaged byte is survived`() {
    var refused = 0
    for bytes in [JPEGSamples.colour, JPEGSamples.progressive, JPEGSamples.cmyk] {
      for place in bytes.indices {
        var damaged = bytes
        damaged[place] ^= 0xFF
        if imageError({ _ = try Picture(encoded: damaged) }) != nil { refused += 1 }
      }
    }
    #expect(refused > 200)
  }

  @Test func `a size beyond reason is refused before memory is asked for`() throws {
    var bytes = JPEGSamples.progressive
    let frame = try #require((0..<bytes.count - 9).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC2 })
    bytes.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0xDC, 0xFF, 0xDC])
    #expect(imageError { _ = try Picture(jpeg: bytes) }?.reason.contains("claims 65500 x 65500 pixels") == true)
    // Width and height follow the signature, a length and `IHDR`.
    var png = try scrambled(4, 4, 3).pngData()
    png.replaceSubrange(16..<24, with: [0, 0, 0xF0, 0, 0, 0, 0xF0, 0])
    #expect(imageError { _ = try Picture(png: png) } != nil)
  }

  @Test func `kinds are told by content`() throws {
    #expect(ImageKind(beginning: JPEGSamples.grey) == .jpeg)
    #expect(try ImageKind(beginning: scrambled(2, 2, 1).pngData()) == .png)
    #expect(ImageKind(beginning: Array("GIF89a".utf8)) == .other("a GIF"))
    #expect(ImageKind(beginning: Array("RIFF1234WEBPVP8 ".utf8)) == .other("a WebP"))
    #expect(ImageKind(beginning: []) == .other("empty"))
    try withTemporaryFolder { folder in
      let path = folder + "/picture.png"
      try Data(JPEGSamples.colour).write(to: URL(fileURLWithPath: path))
      #expect(try Picture(at: path) == Picture(jpeg: JPEGSamples.colour))
      try Data("GIF89a and so on".utf8).write(to: URL(fileURLWithPath: path))
      #expect(imageError { _ = try Picture(at: path) }?.description == "cannot read \(path): it is a GIF, neither PNG nor JPEG")
    }
  }

  @Test func `what is not a regular file is refused, even one that never ends`() throws {
    try withTemporaryFolder { folder in
      unsafe mkfifo(folder + "/pipe", 0o600)
      for path in [folder + "/pipe", folder, "/dev/zero"] {
        #expect(imageError { _ = try Picture(at: path) }?.reason == "it is not a regular file")
      }
    }
  }
}
