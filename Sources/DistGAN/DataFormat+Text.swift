import Adversarial

extension DataFormat {
  /// Reads `128x128x3`.
  /// - Throws: `OptionError` for anything else.
  init(text: String, classes: Int?) throws {
    let sizes = text.split(separator: "x").map { Int($0) ?? 0 }
    guard sizes.count == 3, sizes[0] > 0, sizes[1] > 0, (1...4).contains(sizes[2]) else {
      throw OptionError("--images \(text): height, width and 1 to 4 channels are needed, as 128x128x3")
    }
    self.init(height: sizes[0], width: sizes[1], channels: sizes[2], classes: classes)
  }
}
