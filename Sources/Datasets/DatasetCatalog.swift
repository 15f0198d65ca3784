internal import Glibc

/// Finds data sets by name or path.
public enum DatasetCatalog {
  /// Names of the sets inside the program.
  public static var names: [String] { EmbeddedSource.names }

  /// Opens an embedded set by its name, or an HDF5 file by its path (`./emoji32` is a file even so).
  /// - Parameters:
  ///   - nameOrPath: `emoji32`, or the path of a file.
  ///   - group: group of the file that holds the set; files of two domains have `A` and `B`.
  /// - Throws: `DatasetError` when there is neither, or the file cannot be used.
  public static func open(_ nameOrPath: String, group: String = "") throws -> any ImageSource {
    if names.contains(nameOrPath) {
      guard group.isEmpty else {
        throw DatasetError(.unsuitable, path: nameOrPath, "the embedded set has no group '\(group)'; give a file of two domains")
      }
      return try EmbeddedSource(name: nameOrPath)
    }
    guard unsafe access(nameOrPath, F_OK) == 0 else {
      throw DatasetError(
        .unknownName, path: nameOrPath,
        "there is neither a file nor an embedded set of this name; embedded are \(names.joined(separator: ", "))")
    }
    return try HDF5Source(path: nameOrPath, group: group)
  }
}
