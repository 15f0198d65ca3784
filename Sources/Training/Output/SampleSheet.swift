public import Datasets
public import Images

/// Contact sheets of a run: generated images by class with the nearest real ones below, and real images by class.
public struct SampleSheet {
  /// Size of every image.
  public let format: ImageFormat
  /// Images in a row.
  public let columns: Int

  /// Sheets of images of `format`.
  public init(format: ImageFormat, columns: Int = 8) {
    precondition(columns > 0, "SampleSheet: \(columns) columns")
    self.format = format
    self.columns = columns
  }

  /// A sheet of generated images.
  /// - Parameters:
  ///   - images: `[count, height, width, channels]` in [-1, 1]; values outside are clipped.
  ///   - caption: what stands above, or nothing.
  ///   - rowLabels: names at the left, one for each row of `columns` images, or none.
  ///   - nearest: where to look for the real images closest to one image of each row; nil for no such strip.
  /// - Throws: `DatasetError` when a real image cannot be read.
  public func generated(
    _ images: [Float], caption: String = "", rowLabels: [String] = [], nearest: NearestImages? = nil
  ) throws -> Picture {
    let size = format.sampleCount
    precondition(!images.isEmpty && images.count % size == 0, "SampleSheet: \(images.count) values are not images of \(format)")
    let count = images.count / size
    let all = (0..<count).map { bytes(of: images[($0 * size)..<(($0 + 1) * size)]) }
    var sections = [Sheet.Section(caption: caption, all.map(picture), rowLabels: rowLabels)]
    if let nearest {
      let rows = (count + columns - 1) / columns
      let chosen = (0..<min(columns, rows)).map { all[$0 * rows / min(columns, rows) * columns].planes(format) }
      let matches = try nearest.matches(for: chosen)
      let found = try matches.map { picture(try nearest.image(of: $0).pixels(format)) }
      sections.append(
        Sheet.Section(caption: "below each sample its nearest real image", padded(chosen.map { picture($0.pixels(format)) }) + found))
    }
    return sheet(sections)
  }

  /// A sheet of real images: a row for each class, evenly spread over its images, or the first rows of a set without classes.
  /// - Parameters:
  ///   - source: the images.
  ///   - classes: the classes shown, in order; nil for all of the set.
  /// - Throws: `DatasetError` when an image cannot be read.
  public func real(_ source: any ImageSource, classes: [Int]? = nil) throws -> Picture {
    guard let labels = source.labels else {
      let count = min(source.count, columns * columns)
      return sheet([Sheet.Section(try (0..<count).map { picture(try source.image($0 * source.count / count).pixels(format)) })])
    }
    var members = [[Int]](repeating: [], count: source.classCount)
    for (index, label) in labels.enumerated() where Int(label) < members.count { members[Int(label)].append(index) }
    var pictures: [Picture] = []
    var names: [String] = []
    for number in classes ?? Array(members.indices) where members.indices.contains(number) && !members[number].isEmpty {
      let indices = members[number]
      let count = min(columns, indices.count)
      let row = try (0..<count).map { picture(try source.image(indices[$0 * indices.count / count]).pixels(format)) }
      pictures += padded(row)
      names.append(Self.name(ofClass: number, in: source.classNames))
    }
    return sheet([Sheet.Section(pictures, rowLabels: names)])
  }

  /// Name of a class, or its number where there is none.
  public static func name(ofClass number: Int, in names: [String]?) -> String {
    if let names, names.indices.contains(number) { return names[number] }
    return "\(number)"
  }

  private func sheet(_ sections: [Sheet.Section]) -> Picture {
    // Small images are doubled, and the letters beside them.
    Sheet(columns: columns, scale: format.height <= 48 ? 2 : 1, sections: sections).picture()
  }

  /// A row filled up with the ground's white.
  private func padded(_ row: [Picture]) -> [Picture] {
    row
      + (row.count..<max(row.count, columns)).map { _ in
        Picture(width: format.width, height: format.height, channels: format.channels, filledWith: 255)
      }
  }

  private func picture(_ pixels: [UInt8]) -> Picture {
    Picture(width: format.width, height: format.height, channels: format.channels, pixels: pixels)
  }

  /// Values of one image as bytes, in their own order: the inverse of `byte / 127.5 - 1`.
  private func bytes(of values: ArraySlice<Float>) -> [UInt8] { values.map(ImageBytes.byte) }
}

/// Conversions between images as trained on and as stored.
public enum ImageBytes {
  /// The byte nearest to a value of [-1, 1]; values outside are clipped, NaN is black.
  public static func byte(_ value: Float) -> UInt8 {
    value.isNaN ? 0 : UInt8(min(max((value + 1) * 127.5, 0), 255).rounded())
  }

  /// Values `[count, height, width, channels]` in [-1, 1] as bytes `[count, channels, height, width]`, as files hold them.
  public static func planes(_ values: [Float], _ format: ImageFormat) -> [UInt8] {
    let size = format.sampleCount
    return stride(from: 0, to: values.count, by: size).flatMap { values[$0..<($0 + size)].map(byte).planes(format) }
  }
}

extension [UInt8] {
  /// Pixels `[height, width, channels]` as planes `[channels, height, width]`.
  func planes(_ format: ImageFormat) -> [UInt8] {
    let pixels = format.height * format.width
    return (0..<count).map { self[$0 % pixels * format.channels + $0 / pixels] }
  }

  /// Planes `[channels, height, width]` as pixels `[height, width, channels]`.
  func pixels(_ format: ImageFormat) -> [UInt8] {
    let pixels = format.height * format.width
    return (0..<count).map { self[$0 % format.channels * pixels + $0 / format.channels] }
  }
}
