internal import Glibc
internal import Images

/// CIFAR-10 or CIFAR-100 in its binary form: records of one or two labels and 3 x 32 x 32 bytes.
/// - Source: A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
public struct CIFARSource: ImportSource {
  /// The two sets.
  public enum Variant: Int, Sendable {
    case ten = 10
    case hundred = 100

    /// Labels before the pixels: CIFAR-100 has a coarse one first.
    var labelCount: Int { self == .ten ? 1 : 2 }
    var recordSize: Int { labelCount + 3072 }
  }

  /// The classes of CIFAR-10, should `batches.meta.txt` be missing.
  private static let tenNames = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

  public let name: String
  public let count: Int
  public let classNames: [String]?
  public let hasLabels = true
  public let channels = 3
  public let kind: String
  public var license: String? { nil }
  private let variant: Variant
  private let isCoarse: Bool
  private let files: [(file: DirectFile, path: String, first: Int)]

  /// Opens files of records.
  /// - Parameters:
  ///   - coarse: whether the classes of CIFAR-100 are its 20 coarse ones.
  ///   - names: file of class names, one a line; passed over when missing.
  /// - Throws: `DatasetError` when a file is missing or does not hold whole records.
  init(_ variant: Variant, files paths: [String], names: String, coarse: Bool, name: String) throws {
    self.variant = variant
    self.name = name
    isCoarse = coarse && variant == .hundred
    kind = "CIFAR-\(variant.rawValue) in \(paths.count) \(paths.count == 1 ? "file" : "files")"
    var (files, count): ([(DirectFile, String, Int)], Int) = ([], 0)
    for path in paths {
      let file = try DirectFile(path: path)
      let size = try file.byteCount()
      guard size > 0, size % variant.recordSize == 0 else {
        throw DatasetError(
          .damaged, path: path,
          "a CIFAR-\(variant.rawValue) file has a multiple of \(variant.recordSize) bytes, this one \(size): it is cut short, or another file"
        )
      }
      files.append((file, path, count))
      count += size / variant.recordSize
    }
    self.files = files
    self.count = count
    let written = Self.lines(of: names)
    let classCount = isCoarse ? 20 : variant.rawValue
    classNames = written?.count == classCount ? written : variant == .ten ? Self.tenNames : nil
  }

  public func read(_ index: Int) throws -> ImportedImage {
    let place = files.last { $0.first <= index } ?? files[0]
    let record = index - place.first
    var bytes = [UInt8](repeating: 0, count: variant.recordSize)
    try unsafe bytes.withUnsafeMutableBufferPointer {
      try unsafe place.file.read(at: record * variant.recordSize, into: $0) { "record \(record)" }
    }
    let label = Int(bytes[isCoarse ? 0 : variant.labelCount - 1])
    let classCount = isCoarse ? 20 : variant.rawValue
    guard label < classCount else {
      throw DatasetError(
        .damaged, path: place.path,
        "record \(record) has label \(label), expected 0 to \(classCount - 1); pass over bad ones with --skip-bad, or get the file anew")
    }
    let planes = bytes[variant.labelCount...]
    let picture = Picture(planes: planes, width: 32, height: 32, channels: 3)
    return ImportedImage(picture: picture, label: Int32(label), place: "\(place.path), record \(record)")
  }

  /// Lines of a small text file; `nil` when it cannot be read.
  private static func lines(of path: String) -> [String]? {
    guard let file = try? DirectFile(path: path), let size = try? file.byteCount(), size < 1 << 16 else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    guard (try? unsafe bytes.withUnsafeMutableBufferPointer { try unsafe file.read(at: 0, into: $0) { "names" } }) != nil else {
      return nil
    }
    return String(decoding: bytes.filter { $0 != 13 }, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
