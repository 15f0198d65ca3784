import Datasets

/// A data set on one line.
enum DataLine {
  /// `32 x 32, RGB`.
  static func size(_ format: ImageFormat) -> String {
    let colours = ["grey", "grey and alpha", "RGB", "RGBA"]
    let channels = (1...4).contains(format.channels) ? colours[format.channels - 1] : "\(format.channels) channels"
    return "\(format.width) x \(format.height), \(channels)"
  }

  /// `emoji32: 1861 images 32 x 32, RGB, 14 classes`.
  static func text(_ source: any ImageSource) -> String {
    let classes = source.labels == nil ? "no classes" : "\(source.classCount) classes"
    return "\(source.name): \(source.count) images \(size(source.format)), \(classes)"
  }
}
