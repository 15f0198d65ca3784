internal import Archive

/// Images in one data set of an HDF5 file, of any type and order of axes that is read, as bytes `[channels, height, width]`.
struct StoredImages: Sendable {
  /// The order of the axes.
  enum Axes: Sendable {
    /// `[N, C, H, W]`, or `[N, H, W]` of one channel.
    case planes
    /// `[N, H, W, C]`.
    case pixels
  }

  let reader: DataSetReader
  let path: String
  let format: ImageFormat
  let axes: Axes
  /// What the values mean; `nil` for bytes, which are taken as they are.
  let range: ValueRange?

  /// Number of images.
  var count: Int { reader.info.rowCount }

  /// Type, layout and meaning, for people.
  var storage: String {
    let info = reader.info
    let layout =
      switch info.layout {
      case .compact: "in the header"
      case .contiguous: "in one run"
      case .chunked: "in chunks of \(info.chunkRows)"
      }
    let meaning = range.map { ["black and white \($0)"] } ?? []
    let axes = axes == .pixels ? ["channels last"] : []
    return (["\(info.elementType)", layout] + info.filters + axes + meaning).joined(separator: ", ")
  }

  /// Looks at a data set.
  /// - Parameters:
  ///   - axes: the order of the axes; `nil` to tell it by the shape.
  ///   - range: what the values mean; `nil` for what the file states.
  /// - Throws: `DatasetError` when type or shape are none of images, or nothing is known about the values.
  init(_ reader: DataSetReader, in archive: ArchiveReader, axes: Axes? = .planes, range: ValueRange? = nil) throws {
    self.reader = reader
    path = archive.path
    let shape = reader.info.shape
    let type = reader.info.elementType
    let found = "'\(reader.name)' holds \(type) of shape \(shape)"
    let isRead = [.uint8, .uint16, .int16, .float16, .float32, .float64].contains(type)
    guard isRead, shape.count == 4 || (axes == nil && shape.count == 3) else {
      throw DatasetError(
        .unsuitable, path: path, "\(found), expected uint8 (or int16, uint16, float16, float32, float64) [count, channels, height, width]")
    }
    guard !shape.contains(0) else {
      throw DatasetError(.unsuitable, path: path, "'\(reader.name)' of shape \(shape) is empty; at least one image is needed")
    }
    self.axes = axes ?? Self.axes(of: shape)
    switch (shape.count, self.axes) {
    case (3, _): format = ImageFormat(channels: 1, height: shape[1], width: shape[2])
    case (_, .planes): format = ImageFormat(channels: shape[1], height: shape[2], width: shape[3])
    case (_, .pixels): format = ImageFormat(channels: shape[3], height: shape[1], width: shape[2])
    }
    let stated: [Double]? = try? archive.attribute("range", of: reader.name)
    if let stated, type != .uint8, stated.count != 2 || ValueRange(low: stated[0], high: stated[1]) == nil {
      throw DatasetError(
        .unsuitable, path: path, "attribute 'range' of '\(reader.name)' is \(stated), expected two numbers, the first one less")
    }
    let own = stated.flatMap { $0.count == 2 ? ValueRange(low: $0[0], high: $0[1]) : nil }
    self.range = type == .uint8 ? nil : range ?? own ?? (type == .uint16 ? ValueRange(low: 0, high: 65535) : nil)
    guard type == .uint8 || self.range != nil else {
      throw DatasetError(
        .unsuitable, path: path,
        "\(found), expected uint8, or a statement of which values are black and white: an attribute 'range' of two numbers, or"
          + " `data import --range 0,1`")
    }
  }

  /// Channels last when only there is a number of them; `[N, 3, H, 3]` is taken for planes.
  private static func axes(of shape: [Int]) -> Axes {
    shape.count == 4 && !(1...4).contains(shape[1]) && (1...4).contains(shape[3]) ? .pixels : .planes
  }

  /// Reads images `rows` into as many bytes as they have samples.
  /// - Throws: `DatasetError` when the stored bytes are damaged, or a value lies outside of the range.
  func read(_ rows: Range<Int>, into bytes: UnsafeMutableBufferPointer<UInt8>) throws {
    do {
      switch reader.info.elementType {
      case .uint8: try unsafe reader.read(rows: rows, into: bytes)
      case .uint16: try unsafe scale(reader.read(rows: rows, as: UInt16.self).map { Float($0) }, rows, into: bytes)
      case .int16: try unsafe scale(reader.read(rows: rows, as: Int64.self).map { Float($0) }, rows, into: bytes)
      case .float16, .float32: try unsafe scale(reader.read(rows: rows, as: Float.self), rows, into: bytes)
      default: try unsafe scale(reader.read(rows: rows, as: Double.self), rows, into: bytes)
      }
    } catch let error as ArchiveError {
      throw DatasetError(error)
    }
    guard axes == .pixels, format.channels > 1 else { return }
    let pixels = unsafe Array(bytes)
    let area = format.height * format.width
    for row in 0..<rows.count {
      let start = row * format.sampleCount
      for channel in 0..<format.channels {
        for pixel in 0..<area { unsafe bytes[start + channel * area + pixel] = pixels[start + pixel * format.channels + channel] }
      }
    }
  }

  private func scale<Value: BinaryFloatingPoint>(
    _ values: [Value], _ rows: Range<Int>, into bytes: UnsafeMutableBufferPointer<UInt8>
  ) throws {
    guard let range, let value = unsafe range.bytes(values, into: bytes) else { return }
    let place = values.firstIndex { $0 == value || $0.isNaN && value.isNaN } ?? 0
    throw DatasetError(
      .damaged, path: path,
      "image \(rows.lowerBound + place / format.sampleCount) of '\(reader.name)' holds \(value), outside of the stated range \(range);"
        + " state another range, or leave the image out")
  }
}
