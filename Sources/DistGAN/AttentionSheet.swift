import Adversarial
import Images
import Training

/// Pictures of where self-attention looks: for each sample a row, for each point the image with the point marked and the heat map of its
/// softmax over the dimmed image.
struct AttentionSheet {
  /// Chosen points, in pixels from the upper left.
  let points: [(x: Int, y: Int)]
  private let format: DataFormat

  /// Reads `8,8;20,12`.
  /// - Throws: `OptionError` for anything else, and for points outside the images.
  init(points text: String, _ format: DataFormat) throws {
    self.format = format
    points = try text.split(separator: ";").map { word in
      let numbers = word.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard numbers.count == 2, let x = numbers[0], let y = numbers[1] else {
        throw OptionError("--attention \(word): points are needed as X,Y;X,Y in pixels")
      }
      guard (0..<format.width).contains(x), (0..<format.height).contains(y) else {
        throw OptionError("--attention \(word): the images reach from 0,0 to \(format.width - 1),\(format.height - 1)")
      }
      return (x, y)
    }
    guard !points.isEmpty else { throw OptionError("--attention: at least one point is needed, as X,Y") }
  }

  /// Draws the sheet, a section for each layer.
  /// - Parameters:
  ///   - images: `[count, height, width, channels]` in [-1, 1].
  ///   - records: of each layer, in the order of the images.
  ///   - rowLabels: a name for each image, or none.
  func picture(_ images: [Float], _ records: [AttentionRecord], rowLabels: [String]) throws -> Picture {
    let size = format.height * format.width * format.channels
    let pictures = (0..<(images.count / size)).map { colour(images[($0 * size)..<(($0 + 1) * size)].map(ImageBytes.byte)) }
    var layers: [String] = []
    for record in records where !layers.contains(record.layer) { layers.append(record.layer) }
    let sections = try layers.map { layer in
      let own = records.filter { $0.layer == layer }
      let (queries, keys) = (try side(own[0].counts.queries, layer), try side(own[0].counts.keys, layer))
      let tiles = zip(pictures, own).flatMap { picture, record in
        points.flatMap { point in
          let query = point.y * queries.height / format.height * queries.width + point.x * queries.width / format.width
          let heat = heat(record.shares(ofQuery: query), keys)
          return [marked(picture, point), glowing(picture, heat)]
        }
      }
      let caption = "\(layer)  \(queries.width)x\(queries.height) looks at \(keys.width)x\(keys.height)"
      return Sheet.Section(caption: caption, tiles, rowLabels: rowLabels)
    }
    return Sheet(columns: 2 * points.count, scale: format.height <= 48 ? 2 : 1, sections: sections).picture()
  }

  /// Height and width of a layer of `count` points, which has the images' proportions.
  private func side(_ count: Int, _ layer: String) throws -> (height: Int, width: Int) {
    let height = Int((Double(count * format.height) / Double(format.width)).squareRoot().rounded())
    guard height > 0, count % height == 0 else {
      throw ModelError("--attention: \(count) points of \(layer) have not the proportions of images of \(format.width)x\(format.height)")
    }
    return (height, count / height)
  }

  /// An image in three channels.
  private func colour(_ pixels: [UInt8]) -> Picture {
    let channels = format.channels
    let samples = stride(from: 0, to: pixels.count, by: channels).flatMap { start in
      (0..<3).map { pixels[start + (channels < 3 ? 0 : $0)] }
    }
    return Picture(width: format.width, height: format.height, channels: 3, pixels: samples)
  }

  /// The image with a red cross, whose middle is open so that the point itself is seen.
  private func marked(_ picture: Picture, _ point: (x: Int, y: Int)) -> Picture {
    var result = picture
    let reach = max(1, format.height / 32)
    for step in (-2 * reach)...(2 * reach) where abs(step) >= reach {
      for (x, y) in [(point.x + step, point.y), (point.x, point.y + step)]
      where (0..<format.width).contains(x) && (0..<format.height).contains(y) {
        for (channel, value) in [UInt8(255), 0, 0].enumerated() { result[x: x, y: y, channel: channel] = value }
      }
    }
    return result
  }

  /// Shares as bytes, the largest one 255, at the size of the image.
  private func heat(_ shares: [Float], _ side: (height: Int, width: Int)) -> Picture {
    let largest = max(shares.max() ?? 0, .leastNormalMagnitude)
    let bytes = shares.map { UInt8(min(max($0 / largest * 255, 0), 255).rounded()) }
    return Picture(width: side.width, height: side.height, channels: 1, pixels: bytes)
      .resized(width: format.width, height: format.height, by: .bilinear)
  }

  /// The dimmed image in grey under black, red, yellow, white for more and more attention.
  private func glowing(_ picture: Picture, _ heat: Picture) -> Picture {
    var result = picture
    for y in 0..<format.height {
      for x in 0..<format.width {
        let share = Float(heat[x: x, y: y, channel: 0]) / 255
        let grey = (0..<3).reduce(Float(0)) { $0 + Float(picture[x: x, y: y, channel: $1]) } / 3
        for channel in 0..<3 {
          let ramp = min(max(3 * share - Float(channel), 0), 1) * 255
          result[x: x, y: y, channel: channel] = UInt8(min(max(0.35 * (1 - share) * grey + ramp, 0), 255).rounded())
        }
      }
    }
    return result
  }
}
