/// A zip file whose parts are stored as they are: what `torch.save` writes.
///
/// The check of a part is compared when it is read. 0 says that there is none: so writes `torch.save` with
/// `torch.serialization.set_crc32_options(False)`.
/// - Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3 (sizes of 64 bits). https://pkware.cachefly.net/webdocs/APPNOTE/APPNOTE-6.3.10.TXT
struct ZipArchive {
  private let path: String
  private let bytes: [UInt8]
  private var entries: [String: (offset: Int, size: Int, check: UInt32)] = [:]

  /// Whether the bytes begin as a zip file does.
  static func isZip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x50, 0x4b, 3, 4]) }

  init(_ bytes: [UInt8], path: String) throws {
    self.path = path
    self.bytes = bytes
    let (count, start) = try directory()
    var reader = try self.reader(at: start)
    for _ in 0..<count {
      guard try reader.unsigned(4) == 0x0201_4b50 else { throw damaged("its directory is broken") }
      let head = try reader.take(42)
      func field(_ offset: Int, _ size: Int) -> Int {
        head[(head.startIndex + offset)..<(head.startIndex + offset + size)].reversed().reduce(0) { $0 << 8 | Int($1) }
      }
      let (flags, method) = (field(4, 2), field(6, 2))
      let name = String(decoding: try reader.take(field(24, 2)), as: UTF8.self)
      var sizes = [field(20, 4), field(16, 4), field(38, 4)]
      try Self.widen(&sizes, by: try reader.take(field(26, 2)), path)
      _ = try reader.take(field(28, 2))
      let shown = WeightError.shown(name)
      guard flags & 1 == 0 else { throw damaged("\(shown) is encrypted") }
      guard method == 0, sizes[0] == sizes[1] else { throw damaged("\(shown) is compressed, which torch.save never does") }
      // A part given twice could show one thing to one reader and another to the next.
      guard entries.updateValue((sizes[2], sizes[0], UInt32(field(12, 4))), forKey: name) == nil else {
        throw damaged("\(shown) is there twice")
      }
    }
  }

  /// Names of all parts.
  var names: [String] { Array(entries.keys) }

  /// The bytes of a part.
  /// - Throws: `WeightError` when it is not there or its check differs.
  func contents(_ name: String) throws -> ArraySlice<UInt8> {
    guard let entry = entries[name] else { throw damaged("it has no part \(WeightError.shown(name))") }
    var reader = try reader(at: entry.offset)
    guard try reader.unsigned(4) == 0x0403_4b50 else { throw damaged("\(WeightError.shown(name)) is not where its directory says") }
    _ = try reader.take(22)
    let (nameLength, extraLength) = (try reader.count(2), try reader.count(2))
    _ = try reader.take(nameLength + extraLength)
    let content = try reader.take(entry.size)
    guard entry.check == 0 || crc32(content) == entry.check else {
      throw damaged("\(WeightError.shown(name)) has changed since it was written: its CRC-32 differs; get the file anew")
    }
    return content
  }

  /// Number of entries in the central directory and its offset, from the record at the file's end.
  private func directory() throws -> (count: Int, offset: Int) {
    // The record is 22 bytes and a comment of up to 65,535.
    let earliest = max(0, bytes.count - 22 - 65535)
    guard bytes.count >= 22,
      let end = stride(from: bytes.count - 22, through: earliest, by: -1).first(where: { bytes[$0...].starts(with: [0x50, 0x4b, 5, 6]) })
    else { throw damaged("it has no directory at its end, so it is cut short") }
    var reader = try reader(at: end + 10)
    var (count, _, offset) = (try reader.count(2), try reader.count(4), try reader.count(4))
    if count == 0xffff || offset == 0xffff_ffff {
      guard end >= 20 else { throw damaged("its directory is broken") }
      var locator = try self.reader(at: end - 20)
      guard try locator.unsigned(4) == 0x0706_4b50 else { throw damaged("its directory is broken") }
      _ = try locator.take(4)
      var record = try self.reader(at: try locator.count(8))
      guard try record.unsigned(4) == 0x0606_4b50 else { throw damaged("its directory is broken") }
      _ = try record.take(28)
      count = try record.count(8)
      _ = try record.take(8)
      offset = try record.count(8)
    }
    // An entry takes 46 bytes at least.
    guard count <= bytes.count / 46 else { throw damaged("its directory is broken") }
    return (count, offset)
  }

  /// Replaces sizes that do not fit into 32 bits by those of the extra field.
  private static func widen(_ sizes: inout [Int], by extra: ArraySlice<UInt8>, _ path: String) throws {
    var reader = ByteReader(extra, path: path)
    while reader.remaining >= 4 {
      let (kind, length) = (try reader.count(2), try reader.count(2))
      var field = ByteReader(try reader.take(length), path: path)
      guard kind == 1 else { continue }
      for index in sizes.indices where sizes[index] == 0xffff_ffff { sizes[index] = try field.count(8) }
    }
  }

  private func reader(at offset: Int) throws -> ByteReader {
    guard (0...bytes.count).contains(offset) else { throw damaged("its directory points outside the file") }
    return ByteReader(bytes[offset...], path: path)
  }

  private func damaged(_ sentence: String) -> WeightError {
    WeightError(.unreadable, "\(path): not a sound zip file of torch.save: \(sentence)")
  }
}
