internal import Archive

/// What a process does that tries a file for another one.
public enum HDF5Probe {
  /// Calls all of HDF5 that opening and reading images and labels calls; errors end it, but are not told.
  /// - Parameters:
  ///   - path: the file.
  ///   - imagesKey: name of the images' data set.
  ///   - labelsKey: `nil` for `labels` beside the images.
  ///   - readsAll: whether images are read that HDF5 would read, those it is not needed for excepted.
  ///   - progress: called before each image.
  public static func touch(_ path: String, imagesKey: String, labelsKey: String?, readsAll: Bool, progress: () -> Void) {
    guard let archive = try? ArchiveReader(path: path) else { return }
    let group = imagesKey.split(separator: "/").dropLast().joined(separator: "/")
    for owner in Set(["", group]) {
      _ = try? archive.entries(in: owner)
      for name in ["classes", "name", "license"] { _ = try? archive.attribute(name, of: owner, as: [String].self) }
    }
    let labels = try? archive.dataSet(labelsKey ?? (group.isEmpty ? "labels" : "\(group)/labels"))
    if let labels, labels.info.byteCount <= 1 << 30 { _ = try? labels.read(as: Int64.self) }
    guard let reader = try? archive.dataSet(imagesKey) else { return }
    _ = try? archive.attribute("range", of: imagesKey, as: [Double].self)
    try? reader.walkChunks()
    // A range wide enough for any value: what the values mean does not matter here.
    guard let images = try? StoredImages(reader, in: archive, axes: nil, range: ValueRange(low: -1e38, high: 1e38)),
      let store = try? PixelStore(images, keepsAll: false), case .rows = store
    else { return }
    var bytes = [UInt8](repeating: 0, count: images.format.sampleCount)
    let step = readsAll ? 1 : max(1, images.count / 64)
    for index in stride(from: 0, to: images.count, by: step) {
      progress()
      _ = try? unsafe bytes.withUnsafeMutableBufferPointer { try unsafe store.read(index, into: $0) }
    }
  }
}
