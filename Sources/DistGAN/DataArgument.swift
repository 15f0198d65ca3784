import Datasets
import Training

/// A data set named on the command line.
enum DataArgument {
  /// Opens an embedded set by its name or a file by its path.
  /// - Throws: `DatasetError` when there is neither, `RunError` when the images are of a kind no model takes.
  static func open(_ nameOrPath: String) throws -> any ImageSource {
    // What is written like a path was meant as one: it is missing, not misspelt.
    let isPath = nameOrPath.contains("/") || nameOrPath.hasSuffix(".h5") || nameOrPath.hasSuffix(".hdf5")
    if isPath || !DatasetCatalog.names.contains(nameOrPath) { try FileProbe.check(nameOrPath, readsAll: false) }
    let source: any ImageSource = isPath ? try HDF5Source(path: nameOrPath) : try DatasetCatalog.open(nameOrPath)
    guard (1...4).contains(source.format.channels) else {
      throw RunError(
        .mismatch, "\(nameOrPath): images have \(source.format.channels) channels (\(source.format)); 1 to 4 can be shown and trained on")
    }
    return source
  }
}
