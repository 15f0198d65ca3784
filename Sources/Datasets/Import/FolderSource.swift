internal import Images

/// The image files below a directory.
public struct FolderSource: ImportSource {
  /// The files.
  public let listing: FolderListing
  public let kind = "image folder"
  /// Colour: a folder may hold grey images beside coloured ones.
  public let channels = 3
  public var license: String? { nil }

  /// The files of a listing.
  public init(_ listing: FolderListing) { self.listing = listing }

  public var name: String { SourceName.last(of: listing.directory) }
  public var count: Int { listing.files.count }
  public var hasLabels: Bool { !listing.labels.isEmpty }
  public var classNames: [String]? { hasLabels ? listing.classNames : nil }

  public func read(_ index: Int) throws -> ImportedImage {
    let path = "\(listing.directory)/\(listing.files[index])"
    do {
      return ImportedImage(picture: try Picture(at: path), label: hasLabels ? listing.labels[index] : 0, place: path)
    } catch let error as ImageError {
      throw DatasetError(
        .damaged, path: path, "cannot read the image: \(error.reason); mend or remove the file, or pass over bad ones with --skip-bad")
    }
  }
}

/// Names of data sets after where they come from.
enum SourceName {
  /// The last part of a path.
  static func last(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
