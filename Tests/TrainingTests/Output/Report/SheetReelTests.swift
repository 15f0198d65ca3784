import Foundation
import Images
import Testing

@testable import Training

@Suite struct SheetReelTests {
  let directory = FileManager.default.temporaryDirectory.appendingPathComponent("dist-gan-reel-\(UUID().uuidString)").path

  init() throws { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) }

  /// Noise, which no PNG makes smaller: worse than any sheet.
  private func files(_ count: Int, side: Int, doubled: Bool = false) throws -> [(step: Int, path: String)] {
    try (0..<count).map { number in
      var state = UInt64(number + 1)
      let samples = (0..<side * side * 3).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1
        return UInt8(truncatingIfNeeded: state >> 33)
      }
      let picture = Picture(width: side, height: side, channels: 3, pixels: samples)
      let path = "\(directory)/\(number).png"
      try (doubled ? picture.enlarged(2) : picture).writePNG(to: path)
      return (number * 10, path)
    }
  }

  private func remove() { try? FileManager.default.removeItem(atPath: directory) }

  @Test func `sheets that fit are shown as they are, without repeated pixels`() throws {
    defer { remove() }
    let reel = SheetReel(try files(3, side: 40, doubled: true), bytes: 1_000_000)
    #expect(reel.frames.map(\.step) == [0, 10, 20] && reel.note == nil && reel.left == 0)
    for (frame, number) in zip(reel.frames, 0...) {
      #expect(frame.width == 80 && !frame.isReduced)
      let shown = try Picture(png: frame.png)
      #expect(shown.width == 40)
      #expect(shown.enlarged(2) == (try Picture(pngAt: "\(directory)/\(number).png")))
    }
  }

  @Test(arguments: [200_000, 60_000, 20_000])
  func `whatever they are they take no more than they may`(bytes: Int) throws {
    defer { remove() }
    let reel = SheetReel(try files(12, side: 96), bytes: bytes)
    let total = reel.frames.map(\.png.count).reduce(0, +)
    #expect(reel.frames.count == 12 && total <= bytes && total > bytes / 8, "\(total) of \(bytes)")
    #expect(reel.note != nil)
  }

  @Test func `of many sheets some are left out, never the first or the last`() throws {
    defer { remove() }
    let reel = SheetReel(try files(150, side: 4), bytes: 1_000_000)
    #expect(reel.frames.count == SheetReel.mostFrames && reel.left == 150 - SheetReel.mostFrames)
    #expect(reel.frames.first?.step == 0 && reel.frames.last?.step == 1490)
  }

  @Test func `missing files are counted`() throws {
    defer { remove() }
    var all = try files(2, side: 4)
    all.insert((5, "\(directory)/none.png"), at: 1)
    let reel = SheetReel(all, bytes: 1_000_000)
    #expect(reel.frames.map(\.step) == [0, 10] && reel.unreadable == 1)
    #expect(SheetReel([], bytes: 1).frames.isEmpty)
  }
}
