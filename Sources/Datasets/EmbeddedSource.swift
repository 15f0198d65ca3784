internal import CEmbedded
internal import Images

/// One of the labelled image sets inside the program.
public struct EmbeddedSource: ImageSource {
  /// Name of the set.
  public let name: String
  /// Size of every image.
  public let format: ImageFormat
  /// Number of images.
  public let count: Int
  /// Class of each image.
  public let labels: [Int32]?
  /// Names of the classes by number.
  public let classNames: [String]?
  /// Terms of use of the images.
  public let license: String?
  /// Hash of format, labels and a sample of the images; equal for equal sets, however they are stored.
  public private(set) var fingerprint: UInt64 = 0
  private let atlas: Picture
  private let columns: Int

  /// Names of the sets inside the program.
  public static var names: [String] {
    (0..<cembedded_count()).compactMap { index in unsafe cembedded_at(index).map { unsafe String(cString: $0.pointee.name) } }
  }

  /// Decodes the set called `name`.
  /// - Throws: `DatasetError` when there is no such set.
  public init(name: String) throws {
    guard let set = unsafe cembedded_find(name)?.pointee else {
      throw DatasetError(.unknownName, path: name, "there is no such embedded set; known are \(Self.names.joined(separator: ", "))")
    }
    self.name = name
    license = unsafe String(cString: set.license)
    count = unsafe Int(set.count)
    columns = unsafe Int(set.columns)
    format = unsafe ImageFormat(channels: Int(set.channels), height: Int(set.image_size), width: Int(set.image_size))
    // Sound: the header promises constant memory of these sizes for the life of the program.
    atlas = try Picture(png: unsafe Array(UnsafeBufferPointer(start: set.atlas, count: set.atlas_size)), channels: format.channels)
    let table = unsafe Array(UnsafeBufferPointer(start: set.labels, count: set.labels_size))
    classNames = String(decoding: table.dropLast(count), as: UTF8.self).split(separator: "\n").map(String.init)
    labels = table.suffix(count).map { Int32($0) }
    fingerprint = try contentFingerprint()
  }

  /// Reads image `index` as bytes `[channels, height, width]`.
  /// - Precondition: `index` lies in `0..<count`, and `buffer` holds one image.
  public func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    precondition((0..<count).contains(index), "EmbeddedSource: image \(index) of \(count) in \(name)")
    precondition(buffer.count == format.sampleCount, "EmbeddedSource: \(buffer.count) bytes for an image of \(format)")
    let left = index % columns * format.width
    let top = index / columns * format.height
    let stride = atlas.width * format.channels
    // The atlas holds pixels [height, width, channels], the image is planes [channels, height, width].
    unsafe atlas.pixels.withUnsafeBufferPointer { pixels in
      var target = 0
      for channel in 0..<format.channels {
        for row in 0..<format.height {
          var place = (top + row) * stride + left * format.channels + channel
          for _ in 0..<format.width {
            unsafe buffer[target] = unsafe pixels[place]
            target += 1
            place += format.channels
          }
        }
      }
    }
  }
}
