import Foundation
import Images
import Testing

@Suite struct OrientationTests {
  /// A TIFF of one directory that states an orientation, after an entry of another tag.
  func tiff(_ value: Int, isLittle: Bool) -> [UInt8] {
    func number(_ value: Int, _ size: Int) -> [UInt8] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return isLittle ? bytes : bytes.reversed()
    }
    let other = number(0x010F, 2) + number(2, 2) + number(4, 4) + Array("abc\0".utf8)
    let entry = number(0x0112, 2) + number(3, 2) + number(1, 4) + number(value, 2) + [0, 0]
    return Array((isLittle ? "II" : "MM").utf8) + number(42, 2) + number(8, 4) + number(2, 2) + other + entry + number(0, 4)
  }

  /// A JPEG with a segment after its first marker.
  func jpeg(_ tiff: [UInt8]) -> [UInt8] {
    let block = Array("Exif\0\0".utf8) + tiff
    let length = block.count + 2
    return Array(JPEGSamples.colour[..<2]) + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + block + JPEGSamples.colour[2...]
  }

  /// A PNG with a chunk after its header; libpng passes over checksums of chunks it does not know.
  func png(_ picture: Picture, _ tiff: [UInt8]) throws -> [UInt8] {
    let bytes = try picture.pngData()
    let length = (0..<4).reversed().map { UInt8(truncatingIfNeeded: tiff.count >> (8 * $0)) }
    return bytes[..<33] + length + Array("eXIf".utf8) + tiff + [0, 0, 0, 0] + bytes[33...]
  }

  /// Where the upright pixel (x, y) of a picture of `width` x `height` stored pixels is found, by the words of the standard.
  func source(_ orientation: Int, _ x: Int, _ y: Int, _ width: Int, _ height: Int) -> (x: Int, y: Int) {
    switch orientation {
    case 1: (x, y)
    case 2: (width - 1 - x, y)
    case 3: (width - 1 - x, height - 1 - y)
    case 4: (x, height - 1 - y)
    case 5: (y, x)
    case 6: (y, height - 1 - x)
    case 7: (width - 1 - y, height - 1 - x)
    default: (width - 1 - y, x)
    }
  }

  @Test(arguments: Orientation.allCases, 1...4)
  func `every pixel of an upright picture is where the standard says`(orientation: Orientation, channels: Int) {
    let stored = scrambled(7, 4, channels)
    let upright = stored.upright(from: orientation)
    #expect((upright.width, upright.height) == (orientation.rawValue < 5 ? (7, 4) : (4, 7)))
    for y in 0..<upright.height {
      for x in 0..<upright.width {
        let place = source(orientation.rawValue, x, y, 7, 4)
        for channel in 0..<channels {
          #expect(upright[x: x, y: y, channel: channel] == stored[x: place.x, y: place.y, channel: channel], "at \(x), \(y)")
        }
      }
    }
  }

  @Test(arguments: Orientation.allCases, [true, false])
  func `JPEG and PNG files are turned as their Exif block says`(orientation: Orientation, isLittle: Bool) throws {
    let block = tiff(orientation.rawValue, isLittle: isLittle)
    #expect(try Picture(encoded: jpeg(block)) == Picture(jpeg: JPEGSamples.colour).upright(from: orientation))
    let picture = scrambled(5, 3, 3)
    #expect(try Picture(encoded: png(picture, block)) == picture.upright(from: orientation))
  }

  @Test func `an Exif block that cannot be understood turns nothing`() throws {
    let (stored, block) = (try Picture(jpeg: JPEGSamples.colour), tiff(6, isLittle: true))
    for value in [0, 9, 255] { #expect(try Picture(encoded: jpeg(tiff(value, isLittle: true))) == stored) }
    // Cut short anywhere before the value's end, which four more bytes follow.
    for length in 0..<(block.count - 6) { #expect(try Picture(encoded: jpeg(Array(block[..<length]))) == stored, "\(length) bytes") }
    for place in 0..<block.count {
      var damaged = block
      damaged[place] ^= 0xFF
      let picture = try Picture(encoded: jpeg(damaged))
      #expect(picture.pixels.count == stored.pixels.count)
    }
  }

  @Test func `damaged segments before the picture are survived`() {
    let bytes = jpeg(tiff(3, isLittle: false))
    for place in 2..<60 {
      for value in [0, 0xFF, bytes[place] ^ 1] as [UInt8] {
        var damaged = bytes
        damaged[place] = value
        _ = imageError { _ = try Picture(encoded: damaged) }
      }
    }
  }
}
