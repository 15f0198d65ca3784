import Datasets
import Images
import Testing

@testable import Training

/// Images of a few pixels, made by formula, so that neighbours are known.
struct SmallSource: ImageSource {
  var name = "small"
  var format = ImageFormat(channels: 3, height: 4, width: 6)
  var count = 600
  var labels: [Int32]?
  var classNames: [String]?
  var fingerprint: UInt64 { 0 }

  func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    for place in 0..<buffer.count { unsafe buffer[place] = UInt8((index * 31 + place * (index % 13 + 1) * 5 + place * place) % 251) }
  }
}

@Suite struct SampleSheetTests {
  private func values(_ planes: [UInt8], _ format: ImageFormat) -> [Float] { planes.pixels(format).map { Float($0) / 127.5 - 1 } }

  @Test(arguments: [0, 255, 256, 511, 599]) func `an image of the set is its own nearest one`(_ index: Int) throws {
    let source = SmallSource()
    let match = try #require(try NearestImages(source).matches(for: [try source.image(index)]).first)
    #expect(match == NearestImages.Match(index: index, isMirrored: false, distance: 0))
  }

  @Test func `a mirrored image is found, and shown mirrored`() throws {
    let source = SmallSource()
    let image = try source.image(311)
    let mirrored = image.indices.map { image[$0 / 6 * 6 + 5 - $0 % 6] }
    let nearest = NearestImages(source)
    let match = try nearest.matches(for: [mirrored])[0]
    #expect(match == NearestImages.Match(index: 311, isMirrored: true, distance: 0))
    #expect(try nearest.image(of: match) == mirrored)
  }

  @Test func `distances are those of a plain loop`() throws {
    let source = SmallSource(format: ImageFormat(channels: 3, height: 40, width: 6), count: 30)
    let query = (0..<source.format.sampleCount).map { UInt8($0 * 37 % 256) }
    let match = try NearestImages(source).matches(for: [query])[0]
    let mirrored = query.indices.map { query[$0 / 6 * 6 + 5 - $0 % 6] }
    var smallest = Int.max
    for index in 0..<30 {
      let image = try source.image(index)
      for other in [query, mirrored] {
        var sum = 0
        for place in image.indices {
          let difference = Int(image[place]) - Int(other[place])
          sum += difference * difference
        }
        smallest = min(smallest, sum)
      }
    }
    #expect(match.distance == smallest)
  }

  @Test func `a large set is represented by images spread over all of it`() throws {
    let source = SmallSource()
    let match = try NearestImages(source, limit: 6).matches(for: [try source.image(599)])[0]
    #expect(match.index % 100 == 0)
  }

  @Test func `bytes survive the way to values and back, and the sheet shows them where they belong`() throws {
    let source = SmallSource()
    let all = try [5, 99, 400].flatMap { values(try source.image($0), source.format) }
    let stored = try [5, 99, 400].flatMap { try source.image($0) }
    #expect(ImageBytes.planes(all, source.format) == stored)
    let sheet = try SampleSheet(format: source.format, columns: 2).generated(all)
    // Margin 2, pixels doubled: the second image begins at column 2 + 6 + 2, the third in the row below.
    let images = try [5, 99, 400].map { try source.image($0).pixels(source.format) }
    for (image, (x, y)) in zip(images, [(2, 2), (10, 2), (2, 8)]) {
      for channel in 0..<3 {
        #expect(sheet[x: 2 * (x + 3), y: 2 * (y + 1), channel: channel] == image[(1 * 6 + 3) * 3 + channel])
      }
    }
  }

  @Test func `values outside of the range are clipped`() {
    #expect([-7, -1, 0, 1, 9, Float.nan].map(ImageBytes.byte) == [0, 0, 128, 255, 255, 0])
  }

  @Test func `the strip adds a row of samples and a row of real images`() throws {
    let source = SmallSource()
    let all = try (0..<6).flatMap { values(try source.image($0 * 90), source.format) }
    let sheet = SampleSheet(format: source.format, columns: 2)
    let plain = try sheet.generated(all)
    let strip = try sheet.generated(all, nearest: NearestImages(source))
    // Gap 6, a caption of 7 pixels and its margin, two rows of 4 pixels and their margins, doubled.
    #expect(strip.height - plain.height == 2 * (6 + 9 + 2 * 6))
  }

  @Test func `real images have a row for each class that has any`() throws {
    let source = SmallSource(count: 9, labels: [0, 0, 0, 2, 2, 2, 2, 2, 2], classNames: ["one", "none", "many"])
    let sheet = SampleSheet(format: source.format, columns: 4)
    let labelled = try sheet.real(source)
    let shown = try sheet.real(source, classes: [2])
    #expect(labelled.height - shown.height == 2 * 6)
    #expect(labelled.width == 2 * (2 + 4 * 6 - 1 + 4 + 4 * 8))
    // A class of three images fills its row up with white.
    #expect(labelled[x: labelled.width - 6, y: 6, channel: 0] == 255)
  }
}
