extension Orientation {
  /// What the Exif block of a JPEG or PNG file says; `topLeft` when there is none, or it says nothing that can be understood.
  ///
  /// Only blocks before the picture's own data are looked for in a JPEG; of several the first one that states an orientation counts.
  /// - Parameter file: the whole file.
  init(ofFile file: [UInt8]) {
    let stated =
      switch ImageKind(beginning: Array(file.prefix(16))) {
      case .jpeg: Self.inJPEG(file)
      case .png: Self.inPNG(file)
      case .other: Orientation?.none
      }
    self = stated ?? .topLeft
  }

  /// Segment APP1, `Exif` and two zeros, then a TIFF.
  private static func inJPEG(_ file: [UInt8]) -> Orientation? {
    var place = 2
    while place + 4 <= file.count {
      // Markers may be preceded by any number of 0xFF; libjpeg also passes over stray bytes.
      guard file[place] == 0xFF, file[place + 1] != 0xFF else {
        place += 1
        continue
      }
      let marker = file[place + 1]
      switch marker {
      case 0x00, 0x01, 0xD0...0xD8: place += 2
      // The picture's data, or its end.
      case 0xDA, 0xD9: return nil
      default:
        let length = Int(file[place + 2]) << 8 | Int(file[place + 3])
        guard length >= 2, place + 2 + length <= file.count else { return nil }
        let segment = file[(place + 4)..<(place + 2 + length)]
        if marker == 0xE1, segment.starts(with: Array("Exif\0\0".utf8)), let found = inTIFF(segment.dropFirst(6)) { return found }
        place += 2 + length
      }
    }
    return nil
  }

  /// Chunk `eXIf`: a TIFF.
  private static func inPNG(_ file: [UInt8]) -> Orientation? {
    var place = 8
    while place + 12 <= file.count {
      let length = file[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
      guard length <= file.count - place - 12 else { return nil }
      let start = place + 8
      if file[(place + 4)..<start].elementsEqual("eXIf".utf8), let found = inTIFF(file[start..<(start + length)]) { return found }
      place = start + length + 4
    }
    return nil
  }

  /// Entry 0x0112 of the first directory of a TIFF.
  ///
  /// `II` or `MM` for the byte order, 42, the directory's offset; the directory is a number of entries of 12 bytes: tag, type, count, value.
  private static func inTIFF(_ block: ArraySlice<UInt8>) -> Orientation? {
    let bytes = Array(block)
    let isLittle = bytes.starts(with: Array("II".utf8))
    guard isLittle || bytes.starts(with: Array("MM".utf8)) else { return nil }
    func number(_ place: Int, _ size: Int) -> Int? {
      guard place >= 0, place + size <= bytes.count else { return nil }
      let part = bytes[place..<(place + size)]
      return (isLittle ? Array(part.reversed()) : Array(part)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(2, 2) == 42, let directory = number(4, 4), let count = number(directory, 2) else { return nil }
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      guard let tag = number(entry, 2), let type = number(entry + 2, 2) else { return nil }
      guard tag == 0x0112 else { continue }
      // A SHORT, as the standard says, or a LONG, as some programs write.
      guard type == 3 || type == 4, number(entry + 4, 4) == 1 else { return nil }
      return number(entry + 8, type == 3 ? 2 : 4).flatMap { Orientation(rawValue: $0) }
    }
    return nil
  }
}
