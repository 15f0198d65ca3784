import CEmbedded
import Images
import Testing

@Suite struct EmbeddedSetTests {
  @Test(arguments: [("emoji32", 14, 3), ("kanji32", 10, 1)])
  func `an embedded set holds what its header says`(name: String, classes: Int, channels: Int) throws {
    guard let set = unsafe cembedded_find(name)?.pointee else {
      Issue.record("there is no set \(name)")
      return
    }
    let bytes = unsafe Array(UnsafeBufferPointer(start: set.atlas, count: set.atlas_size))
    let (size, count, columns) = unsafe (Int(set.image_size), Int(set.count), Int(set.columns))
    let claimedChannels = unsafe Int(set.channels)
    #expect(claimedChannels == channels)

    let atlas = try Picture(png: bytes)
    #expect((atlas.width, atlas.height) == (size * columns, (count + columns - 1) / columns * size))
    #expect(atlas.channels == channels)
    let tiles = (0..<count).map {
      atlas.cropped(x: $0 % columns * size, y: $0 / columns * size, width: size, height: size).pixels
    }
    #expect(tiles.allSatisfy { tile in tile.contains { $0 < 250 } }, "no tile is blank")
    let white = [UInt8](repeating: 255, count: size * size * channels)
    for index in count..<atlas.height / size * columns {
      #expect(atlas.cropped(x: index % columns * size, y: index / columns * size, width: size, height: size).pixels == white)
    }

    let labels = unsafe Array(UnsafeBufferPointer(start: set.labels, count: set.labels_size))
    let names = String(decoding: labels.dropLast(count), as: UTF8.self)
    #expect(names.hasSuffix("\n\n"))
    #expect(names.split(separator: "\n").count == classes)
    #expect(labels.suffix(count).elementsEqual(labels.suffix(count).sorted()))
    #expect(Set(labels.suffix(count)) == Set((0..<classes).map(UInt8.init)))
  }

  @Test func `sets are listed once and unknown names are not found`() {
    let names = (0..<cembedded_count()).compactMap { index in
      unsafe cembedded_at(index).map { unsafe String(cString: $0.pointee.name) }
    }
    #expect(names == ["emoji32", "kanji32"])
    let beyond = unsafe cembedded_at(cembedded_count()) == nil
    let unknown = unsafe cembedded_find("mnist") == nil
    #expect(beyond && unknown)
  }
}
