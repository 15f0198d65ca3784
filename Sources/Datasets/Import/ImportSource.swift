public import Images

/// Images of any kind and size, to be made into one data set.
public protocol ImportSource: Sendable {
  /// Name for the data set.
  var name: String { get }
  /// Number of images, bad ones among them.
  var count: Int { get }
  /// Whether each image has a class.
  var hasLabels: Bool { get }
  /// Names of the classes by number; `nil` when there are none.
  var classNames: [String]? { get }
  /// Terms of use of the images, if the source states them.
  var license: String? { get }
  /// Channels that the data set gets unless the user says otherwise.
  var channels: Int { get }
  /// What the source is, for people: `image folder`.
  var kind: String { get }

  /// Reads one image; may be called from any thread.
  /// - Throws: `DatasetError` that names the image, when it is bad.
  func read(_ index: Int) throws -> ImportedImage
}

/// One image on its way into a data set.
public struct ImportedImage: Sendable {
  /// The image as it was found.
  public var picture: Picture
  /// Its class; 0 when the source has none.
  public var label: Int32
  /// Where it was found, for messages.
  public var place: String

  /// An image with its class.
  public init(picture: Picture, label: Int32, place: String) {
    self.picture = picture
    self.label = label
    self.place = place
  }
}
