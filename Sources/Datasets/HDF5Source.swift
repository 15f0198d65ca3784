internal import Archive

/// The images of an HDF5 file: `imgs` uint8 `[N, C, H, W]` and, if the set has classes, `labels` `[N]` of any integer type.
///
/// Optional attributes of the file: `classes` (names), `name`, `license`; an unreadable one is passed over. Uncompressed contiguous
/// images are read with `pread`; compressed ones up to 2 GiB are kept in memory.
public struct HDF5Source: ImageSource {
  /// Path of the file.
  public let path: String
  /// The file's attribute `name`, else its file name; with the group, if one was given.
  public let name: String
  /// Size of every image.
  public let format: ImageFormat
  /// Number of images.
  public let count: Int
  /// Class of each image; `nil` when the file has none.
  public let labels: [Int32]?
  /// Names of the classes by number; `nil` when the file does not name every class.
  public let classNames: [String]?
  /// Terms of use of the images, if the file states them.
  public let license: String?
  /// Hash of format, labels and a sample of the images; equal for equal sets, however they are stored.
  public private(set) var fingerprint: UInt64 = 0
  private let pixels: PixelStore

  /// Opens the set in the file at `path`.
  /// - Parameters:
  ///   - group: group that holds `imgs` and `labels`; files of two domains have `A` and `B`.
  /// - Throws: `DatasetError` when the file is missing, truncated, or holds no such set.
  public init(path: String, group: String = "") throws {
    do {
      try self.init(reading: ArchiveReader(path: path), group: group)
    } catch let error as ArchiveError {
      throw DatasetError(error)
    }
  }

  private init(reading archive: ArchiveReader, group: String) throws {
    let prefix = group.isEmpty ? "" : "\(group)/"
    path = archive.path
    let images = try archive.dataSet("\(prefix)imgs")
    let shape = images.info.shape
    guard images.info.elementType == .uint8, shape.count == 4 else {
      throw DatasetError(
        .unsuitable, path: path,
        "'\(prefix)imgs' holds \(images.info.elementType) of shape \(shape), expected uint8 [count, channels, height, width]")
    }
    guard !shape.contains(0) else {
      throw DatasetError(.unsuitable, path: path, "'\(prefix)imgs' of shape \(shape) is empty; at least one image is needed")
    }
    count = shape[0]
    format = ImageFormat(channels: shape[1], height: shape[2], width: shape[3])
    labels = try archive.contains("\(prefix)labels") ? Self.labels(archive, "\(prefix)labels", count: count) : nil
    let owner = archive.hasAttribute("classes", of: group) ? group : "/"
    classNames = Self.classNames(try? archive.attribute("classes", of: owner), for: labels)
    let stem = archive.path.split(separator: "/").last.map(String.init) ?? archive.path
    name = ((try? archive.attribute("name")) ?? stem) + (group.isEmpty ? "" : "/\(group)")
    license = try? archive.attribute("license")
    pixels = try PixelStore(images, path: path)
    fingerprint = try contentFingerprint()
  }

  /// Reads image `index` as bytes `[channels, height, width]`.
  /// - Precondition: `index` lies in `0..<count`, and `buffer` holds one image.
  public func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    precondition((0..<count).contains(index), "HDF5Source: image \(index) of \(count) in \(path)")
    precondition(buffer.count == format.sampleCount, "HDF5Source: \(buffer.count) bytes for an image of \(format)")
    try unsafe pixels.read(index, into: buffer)
  }

  private static func labels(_ archive: ArchiveReader, _ name: String, count: Int) throws -> [Int32] {
    let data = try archive.dataSet(name)
    guard data.info.shape == [count] else {
      throw DatasetError(
        .unsuitable, path: archive.path, "'\(name)' has shape \(data.info.shape), expected one label for each of the \(count) images")
    }
    return try data.read(as: Int64.self).enumerated().map { index, label in
      guard label >= 0, label < maximalClassCount else {
        throw DatasetError(
          .unsuitable, path: archive.path, "label \(index) of '\(name)' is \(label), expected a class from 0 to \(maximalClassCount - 1)")
      }
      return Int32(label)
    }
  }

  /// The names, if there is one for each class.
  private static func classNames(_ names: [String]?, for labels: [Int32]?) -> [String]? {
    guard let names, let labels, let largest = labels.max(), names.count > Int(largest) else { return nil }
    return names
  }

  /// More classes than any set has; a larger label is damage, and tables are sized by labels.
  private static let maximalClassCount: Int64 = 1_000_000
}
