import Testing

@testable import Images

@Suite struct SheetTests {
  @Test func `every tile is where the geometry says`() {
    let pictures = (1...5).map { Picture(width: 4, height: 3, channels: 3, filledWith: UInt8($0)) }
    let sheet = Sheet(columns: 2, margin: 1, background: 200, sections: [.init(pictures)]).picture()
    #expect((sheet.width, sheet.height, sheet.channels) == (1 + 2 * 5, 1 + 3 * 4, 3))
    for y in 0..<sheet.height {
      for x in 0..<sheet.width {
        let (column, row) = ((x - 1) / 5, (y - 1) / 4)
        let index = row * 2 + column
        let inside = x > 0 && y > 0 && (x - 1) % 5 < 4 && (y - 1) % 4 < 3 && index < 5
        for channel in 0..<3 {
          #expect(sheet[x: x, y: y, channel: channel] == (inside ? UInt8(index + 1) : 200), "x \(x), y \(y)")
        }
      }
    }
  }

  @Test(arguments: 1...4)
  func `pixels of every channel count are kept and can be written`(channels: Int) throws {
    let picture = scrambled(6, 6, channels)
    let sheet = Sheet(columns: 1, margin: 3, sections: [.init([picture])]).picture()
    let tile = sheet.cropped(x: 3, y: 3, width: 6, height: 6)
    let first = (0..<36).map { picture.pixels[$0 * channels] }
    let expected = channels == 2 ? Picture(width: 6, height: 6, channels: 1, pixels: first) : picture
    #expect(tile == expected)
    #expect(try Picture(png: sheet.pngData()) == sheet)
  }

  @Test func `grey beside RGBA becomes opaque colour on an opaque ground`() {
    let grey = Picture(width: 1, height: 1, channels: 1, filledWith: 7)
    let colour = Picture(width: 1, height: 1, channels: 4, pixels: [1, 2, 3, 4])
    let sheet = Sheet(columns: 2, margin: 1, background: 9, sections: [.init([grey, colour])]).picture()
    let ground: [UInt8] = [9, 9, 9, 255]
    #expect(sheet.pixels[20..<40] == (ground + [7, 7, 7, 255] + ground + [1, 2, 3, 4] + ground)[...])
  }

  @Test func `scale repeats the pixels of the whole sheet`() {
    let pictures = (0..<3).map { _ in scrambled(8, 8, 3) }
    let section = Sheet.Section(caption: "samples", pictures, rowLabels: ["a", "b"])
    let single = Sheet(columns: 2, sections: [section]).picture()
    #expect(Sheet(columns: 2, scale: 2, sections: [section]).picture() == single.enlarged(2))
  }

  @Test func `a caption moves its section down and is drawn`() {
    let picture = Picture(width: 20, height: 8, channels: 1, filledWith: 100)
    let sheet = Sheet(
      columns: 1, margin: 2, gap: 5, sections: [.init([picture]), .init(caption: "1", [picture])]
    ).picture()
    #expect(sheet.height == 2 + (8 + 2) + 5 + (7 + 2) + (8 + 2))
    // The letter 1, 17 rows from the top, as drawn in the font.
    let letter = sheet.cropped(x: 2, y: 17, width: 5, height: 7)
    let art = "..#.. .##.. ..#.. ..#.. ..#.. ..#.. .###.".filter { $0 != " " }
    #expect(letter.pixels == art.map { $0 == "#" ? 0 : 255 })
    #expect(sheet.cropped(x: 2, y: 26, width: 20, height: 8) == picture)
  }

  @Test func `row labels stand left of their row and make room for the widest`() {
    let pictures = (0..<2).map { _ in Picture(width: 10, height: 9, channels: 3, filledWith: 50) }
    let sheet = Sheet(
      columns: 1, margin: 2, background: 0, sections: [.init(pictures, rowLabels: ["l", "sky-time"])]
    ).picture()
    let left = 2 + 8 * 6 - 1 + 2 * 2
    #expect(sheet.width == left + 10 + 2)
    #expect(sheet.cropped(x: left, y: 2, width: 10, height: 9) == pictures[0])
    func inked(_ y: Int) -> Int {
      let label = sheet.cropped(x: 0, y: y, width: left, height: 9).pixels
      return (0..<label.count / 3).count { label[3 * $0] == 255 }
    }
    #expect(inked(2) == BitmapFont.ink(of: "l").count)
    #expect(inked(13) == "sky-time".map { BitmapFont.ink(of: $0).count }.reduce(0, +))
  }

  @Test func `letters that cannot be drawn are left out`() {
    #expect(String(BitmapFont.drawable("水 85 Water ")) == "85 water")
    #expect(BitmapFont.drawable("水 ").isEmpty)
    #expect(BitmapFont.width(of: "ab") == 11)
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789-.:")
    let drawings = letters.map { letter in BitmapFont.ink(of: letter).map { $0.y * 5 + $0.x } }
    #expect(Set(drawings).count == letters.count && !drawings.contains([]), "every letter has a drawing of its own")
  }

  @Test func `pictures of different sizes are a programming error`() async {
    await #expect(processExitsWith: .failure) {
      let pictures = [4, 5].map { Picture(width: $0, height: 4, channels: 1, filledWith: 0) }
      _ = Sheet(columns: 2, sections: [.init(pictures)])
    }
  }
}
