internal import Archive

/// The images of an HDF5 file: `imgs` uint8 `[N, C, H, W]` and, if the set has classes, `labels` `[N]` of any integer type.
///
/// Optional attributes of the file: `classes` (names), `name`, `license`; an unreadable one is passed over. Images of int16,
/// uint16, float16, float32 or float64 are read as bytes, black and white being what an attribute `range` of `imgs` says (see `ValueRange`).
/// Uncompressed bytes, in one run or in chunks, are read with `pread`; images that are compressed or scaled are kept in memory up to 2 GiB.
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
  /// Type and layout of the images in the file, as in `uint8, in chunks of 500, gzip`.
  public let storage: String
  private let pixels: PixelStore

  /// Opens the set in the file at `path`.
  /// - Parameters:
  ///   - path: the file.
  ///   - group: group that holds `imgs` and `labels`; files of two domains have `A` and `B`.
  ///   - keepsAll: whether compressed or scaled images are kept in memory, for reading in any order.
  /// - Throws: `DatasetError` when the file is missing, truncated, or holds no such set.
  public init(path: String, group: String = "", keepsAll: Bool = true) throws {
    do {
      try self.init(reading: ArchiveReader(path: path), group: group, keepsAll: keepsAll)
    } catch let error as ArchiveError {
      throw DatasetError(error)
    }
  }

  private init(reading archive: ArchiveReader, group: String, keepsAll: Bool) throws {
    let prefix = group.isEmpty ? "" : "\(group)/"
    path = archive.path
    let reader = try archive.dataSet("\(prefix)imgs")
    let shape = reader.info.shape
    if shape.count == 4, !(1...4).contains(shape[1]), (1...4).contains(shape[3]) {
      throw DatasetError(
        .unsuitable, path: path,
        "'\(prefix)imgs' of shape \(shape) has its \(shape[3]) channels last, expected [count, channels, height, width];"
          + " turn it with `data import`")
    }
    let images = try StoredImages(reader, in: archive)
    count = images.count
    format = images.format
    labels = try archive.contains("\(prefix)labels") ? StoredLabels.read(archive, "\(prefix)labels", count: count) : nil
    classNames = StoredLabels.classNames(archive, of: group, for: labels)
    let stem = archive.path.split(separator: "/").last.map(String.init) ?? archive.path
    name = ((try? archive.attribute("name")) ?? stem) + (group.isEmpty ? "" : "/\(group)")
    license = try? archive.attribute("license")
    storage = images.storage
    pixels = try PixelStore(images, keepsAll: keepsAll)
    fingerprint = try contentFingerprint()
  }

  /// Reads image `index` as bytes `[channels, height, width]`.
  /// - Precondition: `index` lies in `0..<count`, and `buffer` holds one image.
  public func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    precondition((0..<count).contains(index), "HDF5Source: image \(index) of \(count) in \(path)")
    precondition(buffer.count == format.sampleCount, "HDF5Source: \(buffer.count) bytes for an image of \(format)")
    try unsafe pixels.read(index, into: buffer)
  }
}
