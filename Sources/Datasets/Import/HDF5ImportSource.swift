internal import Archive
internal import Images

/// Images of an HDF5 file, by whatever names, in whatever order of axes and of whatever type that is read.
public struct HDF5ImportSource: ImportSource {
  public let name: String
  public let count: Int
  public let channels: Int
  public let kind: String
  public let classNames: [String]?
  public let license: String?
  public var hasLabels: Bool { labels != nil }
  private let images: StoredImages
  private let store: PixelStore
  private let labels: [Int32]?

  /// Opens the data sets.
  /// - Parameters:
  ///   - labelsKey: `nil` for `labels`, if there are any.
  ///   - channelsLast: whether the axes are `[count, height, width, channels]`; `nil` to tell it by the shape.
  ///   - range: what the values mean; `nil` for what the file states.
  /// - Throws: `DatasetError` when they are missing, damaged, or no images and labels.
  init(path: String, imagesKey: String, labelsKey: String?, channelsLast: Bool?, range: ValueRange?) throws {
    do {
      let archive = try ArchiveReader(path: path)
      guard archive.contains(imagesKey) else {
        throw DatasetError(.unsuitable, path: path, "\(Self.missing(imagesKey, in: archive)); name the images with --images-key")
      }
      let axes = channelsLast.map { $0 ? StoredImages.Axes.pixels : .planes }
      images = try StoredImages(archive.dataSet(imagesKey), in: archive, axes: axes, range: range)
      count = images.count
      channels = images.format.channels
      guard (1...4).contains(channels) else {
        throw DatasetError(
          .unsuitable, path: path,
          "'\(imagesKey)' of shape \(images.reader.info.shape) has \(channels) channels, 1 to 4 can be imported; state the axes with --axes"
        )
      }
      guard images.format.height <= 1 << 14, images.format.width <= 1 << 14 else {
        throw DatasetError(.unsuitable, path: path, "'\(imagesKey)' has images of \(images.format), more than is read here")
      }
      let key = labelsKey ?? (archive.contains("labels") ? "labels" : nil)
      if let key, !archive.contains(key) {
        throw DatasetError(.unsuitable, path: path, "\(Self.missing(key, in: archive)); name the labels with --labels-key")
      }
      let labels = try key.map { [count] in try StoredLabels.read(archive, $0, count: count) }
      self.labels = labels
      classNames = StoredLabels.classNames(archive, of: "", for: labels)
      license = try? archive.attribute("license")
      let stated: String? = try? archive.attribute("name")
      name = stated ?? SourceName.last(of: path)
      store = try PixelStore(images, keepsAll: false)
      kind = "HDF5 file, '\(imagesKey)' of \(images.storage)"
    } catch let error as ArchiveError {
      throw DatasetError(error)
    }
  }

  public func read(_ index: Int) throws -> ImportedImage {
    let format = images.format
    var planes = [UInt8](repeating: 0, count: format.sampleCount)
    try unsafe planes.withUnsafeMutableBufferPointer { try unsafe store.read(index, into: $0) }
    let picture = Picture(planes: planes, width: format.width, height: format.height, channels: format.channels)
    return ImportedImage(picture: picture, label: labels?[index] ?? 0, place: "\(images.path), image \(index)")
  }

  private static func missing(_ key: String, in archive: ArchiveReader) -> String {
    do {
      _ = try archive.dataSet(key)
      return "'\(key)' is no data set"
    } catch {
      return error.message
    }
  }
}
