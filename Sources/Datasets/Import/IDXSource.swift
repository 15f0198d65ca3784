internal import Images

/// Images and labels in two IDX files, as MNIST, Fashion-MNIST, KMNIST and EMNIST have them.
public struct IDXSource: ImportSource {
  public let name: String
  public let count: Int
  public let channels = 1
  public var kind: String { hasLabels ? "MNIST (IDX) files" : "MNIST (IDX) file without one of labels beside it" }
  public var classNames: [String]? { nil }
  public var license: String? { nil }
  public var hasLabels: Bool { labels != nil }
  private let images: IDXFile
  private let labels: [Int32]?

  /// Opens the files.
  /// - Parameter labels: `nil` for a set without classes.
  /// - Throws: `DatasetError` when one is missing or damaged, or they do not fit.
  init(images path: String, labels labelsPath: String?, name: String) throws {
    images = try IDXFile(path: path)
    self.name = name
    guard images.shape.count == 3, !images.shape.contains(0), images.shape[1] <= 1 << 14, images.shape[2] <= 1 << 14 else {
      throw DatasetError(
        .unsuitable, path: path, "the IDX file has shape \(images.shape), expected [count, height, width]; name the file of images")
    }
    let count = images.shape[0]
    self.count = count
    labels = try labelsPath.map { path in
      let file = try IDXFile(path: path)
      guard file.shape == [count] else {
        throw DatasetError(.unsuitable, path: path, "the labels have shape \(file.shape), expected one for each of the \(count) images")
      }
      return try file.read(0..<count).map { Int32($0) }
    }
  }

  public func read(_ index: Int) throws -> ImportedImage {
    let (height, width) = (images.shape[1], images.shape[2])
    let size = height * width
    let picture = Picture(width: width, height: height, channels: 1, pixels: try images.read((index * size)..<((index + 1) * size)))
    return ImportedImage(picture: picture, label: labels?[index] ?? 0, place: "\(images.path), image \(index)")
  }
}
