internal import Archive

/// Labels in one data set of an HDF5 file.
enum StoredLabels {
  /// More classes than any set has; a larger label is damage, and tables are sized by labels.
  private static let maximalClassCount: Int64 = 1_000_000

  /// Reads one label for each of `count` images, of any integer type.
  /// - Throws: `DatasetError` when there are more or fewer, or one is negative or beyond reason; `ArchiveError` when they cannot be read.
  static func read(_ archive: ArchiveReader, _ name: String, count: Int) throws -> [Int32] {
    let data = try archive.dataSet(name)
    guard data.info.shape == [count] || data.info.shape == [count, 1] else {
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

  /// The names of the classes, if there is one for each.
  static func classNames(_ archive: ArchiveReader, of group: String, for labels: [Int32]?) -> [String]? {
    let owner = archive.hasAttribute("classes", of: group) ? group : "/"
    let names: [String]? = try? archive.attribute("classes", of: owner)
    guard let names, let labels, let largest = labels.max(), names.count > Int(largest) else { return nil }
    return names
  }
}
