/// A set of images of one format, read by index from any thread.
public protocol ImageSource: Sendable {
  /// Name for logs: that of an embedded set, or of the file.
  var name: String { get }
  /// Size of every image.
  var format: ImageFormat { get }
  /// Number of images.
  var count: Int { get }
  /// Class of each image, counted from 0; `nil` when the set has no classes.
  var labels: [Int32]? { get }
  /// Names of the classes by number.
  var classNames: [String]? { get }
  /// Terms of use of the images, if the set states them.
  var license: String? { get }
  /// Number that stays the same as long as format, labels and images do, whatever file they lie in.
  var fingerprint: UInt64 { get }

  /// Reads one image as bytes `[channels, height, width]`.
  /// - Parameters:
  ///   - index: `0..<count`.
  ///   - buffer: `format.sampleCount` bytes, filled.
  /// - Throws: `DatasetError` when the image cannot be had.
  func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws
}

extension ImageSource {
  /// No terms of use are known.
  public var license: String? { nil }

  /// Number of classes: as many as have names, else one more than the largest label; 0 without labels.
  public var classCount: Int {
    guard let labels else { return 0 }
    return classNames?.count ?? Int(labels.max() ?? -1) + 1
  }

  /// Reads one image as bytes `[channels, height, width]`.
  /// - Throws: `DatasetError` when the image cannot be had.
  public func image(_ index: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: format.sampleCount)
    try unsafe bytes.withUnsafeMutableBufferPointer { try unsafe read(index, into: $0) }
    return bytes
  }

  /// Hash of format, count, all labels and up to 64 images spread over the set, the first and the last among them.
  func contentFingerprint() throws -> UInt64 {
    var hash = Mixing.combine(UInt64(format.channels), UInt64(format.height), UInt64(format.width), UInt64(count))
    for label in labels ?? [] { hash = Mixing.combine(hash, UInt64(bitPattern: Int64(label))) }
    let samples = min(count, 64)
    for sample in 0..<samples {
      let index = samples == 1 ? 0 : sample * (count - 1) / (samples - 1)
      let bytes = try image(index)
      for start in stride(from: 0, to: bytes.count, by: 8) {
        var word: UInt64 = 0
        for byte in bytes[start..<min(start + 8, bytes.count)] { word = word << 8 | UInt64(byte) }
        hash = Mixing.combine(hash, word)
      }
    }
    return hash
  }
}
