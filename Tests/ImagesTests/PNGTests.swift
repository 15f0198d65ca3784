import Foundation
import Images
import Testing

@Suite struct PNGTests {
  @Test(arguments: 1...4)
  func `every sample survives encoding and decoding`(channels: Int) throws {
    let picture = scrambled(37, 19, channels)
    #expect(try Picture(png: picture.pngData()) == picture)
  }

  @Test(arguments: 1...4)
  func `all 256 values survive in every channel`(channels: Int) throws {
    let pixels = (0..<256).flatMap { value in [UInt8](repeating: UInt8(value), count: channels) }
    let picture = Picture(width: 16, height: 16, channels: channels, pixels: pixels)
    #expect(try Picture(png: picture.pngData()) == picture)
  }

  @Test(arguments: 1...4)
  func `a file holds what was written and replaces what was there`(channels: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/picture.png"
      try scrambled(5, 5, 3).writePNG(to: path)
      let picture = scrambled(8, 6, channels)
      try picture.writePNG(to: path)
      #expect(try Picture(pngAt: path) == picture)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["picture.png"])
    }
  }

  @Test(arguments: 1...4)
  func `noise of any shape fits into the room for encoding`(channels: Int) throws {
    for (width, height) in [(1, 1), (1, 500), (500, 1), (300, 300)] {
      let picture = scrambled(width, height, channels)
      #expect(try Picture(png: picture.pngData()) == picture)
    }
  }

  @Test func `asking for channels converts`() throws {
    let grey = scrambled(9, 7, 1)
    let tripled = grey.pixels.flatMap { [$0, $0, $0] }
    #expect(try Picture(png: grey.pngData(), channels: 3).pixels == tripled)
    #expect(try Picture(png: grey.pngData(), channels: 2).pixels == grey.pixels.flatMap { [$0, 255] })
    let colour = Picture(width: 9, height: 7, channels: 3, pixels: tripled)
    #expect(try Picture(png: colour.pngData(), channels: 1) == grey)
    #expect(try Picture(png: colour.pngData(), channels: 4).pixels == grey.pixels.flatMap { [$0, $0, $0, 255] })
  }

  @Test func `transparency is laid on white`() throws {
    let picture = Picture(width: 2, height: 1, channels: 4, pixels: [10, 20, 30, 0, 10, 20, 30, 255])
    #expect(try Picture(png: picture.pngData(), channels: 3).pixels == [255, 255, 255, 10, 20, 30])
  }

  @Test func `a missing file is named with the system's reason`() throws {
    let error = imageError { _ = try Picture(pngAt: "/nowhere/missing.png") }
    #expect(error?.description == "cannot read /nowhere/missing.png: No such file or directory")
  }

  @Test func `a folder that does not exist is named when writing`() throws {
    let error = imageError { try scrambled(2, 2, 1).writePNG(to: "/nowhere/picture.png") }
    #expect(error?.description == "cannot write /nowhere/picture.png: No such file or directory")
  }

  @Test func `a file that is no PNG is refused`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/text.png"
      try Data("not a picture, but longer than a signature".utf8).write(to: URL(fileURLWithPath: path))
      let error = imageError { _ = try Picture(pngAt: path) }
      #expect(error?.attempt == "read \(path)")
      #expect(error?.reason.contains("PNG") == true, "\(String(describing: error))")
    }
    #expect(imageError { _ = try Picture(png: []) } != nil)
  }

  @Test(arguments: [4, 8, 20, 40, 100, 0.5, 0.9])
  func `a file cut short is refused`(where place: Double) throws {
    let bytes = try scrambled(40, 40, 3).pngData()
    let kept = place < 1 ? Int(Double(bytes.count) * place) : Int(place)
    let error = imageError { _ = try Picture(png: Array(bytes[..<kept])) }
    #expect(error?.reason.isEmpty == false, "kept \(kept) of \(bytes.count) bytes")
  }

  @Test(arguments: [0, 18, 30, 200, 1000])
  func `a damaged byte is noticed`(at position: Int) throws {
    var bytes = try scrambled(40, 40, 3).pngData()
    // Past the header come ancillary chunks, whose damage does not change the picture; data begins at `IDAT`.
    let data = try #require((0..<bytes.count - 4).first { Array(bytes[$0..<$0 + 4]) == Array("IDAT".utf8) })
    bytes[position < 30 ? position : data + position] ^= 0x55
    let error = imageError { _ = try Picture(png: bytes) }
    #expect(error?.reason.isEmpty == false)
  }
}
