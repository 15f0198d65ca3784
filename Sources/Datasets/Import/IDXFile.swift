/// An array of bytes in MNIST's IDX format, plain or compressed by gzip, which is told by content.
/// - Source: Y. LeCun, http://yann.lecun.com/exdb/mnist: two zero bytes, the type (8: unsigned bytes), the number of axes, their lengths as
///   big-endian 32-bit numbers, the elements.
struct IDXFile: Sendable {
  private enum Contents: Sendable {
    case file(DirectFile, offset: Int)
    case memory([UInt8], offset: Int)
  }

  let path: String
  /// Lengths of the axes.
  let shape: [Int]
  private let contents: Contents

  /// Opens the file at `path`.
  /// - Throws: `DatasetError` when it is missing, of another kind, cut short or too long.
  init(path: String) throws {
    self.path = path
    if let gzip = try Gzip(path: path) {
      let start = try gzip.decode(4, isAll: false)
      let size = try Self.headerSize(start, path: path)
      shape = Self.shape(try gzip.decode(size, isAll: false))
      let byteCount = shape.reduce(1.0) { $0 * Double($1) }
      // zlib counts in 32 bits.
      guard byteCount <= 1100 * Double(gzip.byteCount), byteCount < 4e9 else {
        throw DatasetError(.damaged, path: path, "its header claims the shape \(shape), more than its \(gzip.byteCount) bytes can hold")
      }
      contents = .memory(try gzip.decode(size + shape.reduce(1, *), isAll: true), offset: size)
      return
    }
    let file = try DirectFile(path: path)
    let size = try file.byteCount()
    guard size >= 4 else { throw DatasetError(.damaged, path: path, "an IDX file was expected, this one has \(size) bytes") }
    let headerSize = try Self.headerSize(Self.bytes(4, of: file), path: path)
    guard size >= headerSize else { throw DatasetError(.damaged, path: path, "the IDX file ends within its header: it is cut short") }
    shape = Self.shape(try Self.bytes(headerSize, of: file))
    let expected = shape.reduce(1.0) { $0 * Double($1) } + Double(headerSize)
    guard Double(size) == expected else {
      throw DatasetError(
        .damaged, path: path,
        "an IDX file of shape \(shape) has \(Int(min(expected, 1e18))) bytes, this one \(size): it is cut short or damaged")
    }
    contents = .file(file, offset: headerSize)
  }

  /// Elements `range` in the order of the file.
  func read(_ range: Range<Int>) throws -> [UInt8] {
    switch contents {
    case .memory(let bytes, let offset): return Array(bytes[(offset + range.lowerBound)..<(offset + range.upperBound)])
    case .file(let file, let offset):
      var bytes = [UInt8](repeating: 0, count: range.count)
      try unsafe bytes.withUnsafeMutableBufferPointer { try unsafe file.read(at: offset + range.lowerBound, into: $0) { "bytes \(range)" } }
      return bytes
    }
  }

  private static func bytes(_ count: Int, of file: DirectFile) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try unsafe bytes.withUnsafeMutableBufferPointer { try unsafe file.read(at: 0, into: $0) { "the header" } }
    return bytes
  }

  /// Bytes of the header, by its first four.
  private static func headerSize(_ start: [UInt8], path: String) throws -> Int {
    guard start[0] == 0, start[1] == 0, start[2] == 8, (1...4).contains(start[3]) else {
      throw DatasetError(
        .unsuitable, path: path,
        "an IDX file of unsigned bytes was expected, this one begins with \(start): it is damaged, or of another kind")
    }
    return 4 + 4 * Int(start[3])
  }

  private static func shape(_ header: [UInt8]) -> [Int] {
    stride(from: 4, to: header.count, by: 4).map { place in header[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
  }
}
