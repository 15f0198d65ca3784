internal import CPNG

extension Picture {
  /// Encodes as a PNG of at most `colours` colours, which takes a third to a fifth of the bytes; transparency is laid on white.
  ///
  /// Colours are chosen by median cut over a histogram of 32 levels a channel, and then moved twice to the means of the pixels that are
  /// nearest to them. Nothing is dithered: noise would cost more bytes than it is worth.
  /// - Precondition: 2 to 256 colours.
  /// - Throws: `ImageError` with libpng's message.
  /// - Source: Heckbert 1982, "Color Image Quantization for Frame Buffer Display".
  public func pngData(colours: Int) throws -> [UInt8] {
    precondition((2...256).contains(colours), "PNG: a palette has 2 to 256 colours, got \(colours)")
    let palette = Palette(self, count: colours)
    var image = unsafe png_image()
    defer { unsafe png_image_free(&image) }
    unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
    unsafe image.width = png_uint_32(width)
    unsafe image.height = png_uint_32(height)
    unsafe image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_COLORMAP)
    unsafe image.colormap_entries = png_uint_32(palette.colours.count / 3)
    let raw = palette.indices.count + height
    var bytes = [UInt8](repeating: 0, count: raw + raw / 4 + 2048)
    var count = bytes.count
    // Sound: there is an index for each of width * height pixels, three bytes for each entry of the map, and `count` is the room.
    guard
      unsafe png_image_write_to_memory(&image, &bytes, &count, 0, palette.indices, png_int_32(width), palette.colours) != 0
    else {
      throw ImageError(attempt: "encode a picture of \(width) x \(height) in \(colours) colours", reason: "libpng refused it")
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}

/// A few colours that stand for those of a picture.
private struct Palette {
  /// Red, green and blue of each entry.
  private(set) var colours: [UInt8] = []
  /// The entry of each pixel.
  private(set) var indices: [UInt8] = []

  /// Pixels of nearly one colour.
  private struct Bin {
    let key: Int
    var count: Float = 0
    /// Mean colour.
    var mean: SIMD4<Float> = .zero
  }

  init(_ picture: Picture, count: Int) {
    let pixels = (0..<picture.width * picture.height).map { Self.colour(of: $0, picture) }
    let keys = pixels.map { (Int($0[0]) >> 3) << 10 | (Int($0[1]) >> 3) << 5 | Int($0[2]) >> 3 }
    var histogram = (0..<1 << 15).map { Bin(key: $0) }
    for (key, pixel) in zip(keys, pixels) {
      histogram[key].count += 1
      histogram[key].mean += SIMD4<Float>(pixel)
    }
    let bins = histogram.filter { $0.count > 0 }.map { Bin(key: $0.key, count: $0.count, mean: $0.mean / $0.count) }
    var centres = Self.cut(bins, into: count).map(Self.mean)
    var nearest = Self.nearest(bins, centres)
    for _ in 0..<2 {
      for entry in centres.indices {
        let members = bins.indices.filter { nearest[$0] == entry }.map { bins[$0] }
        if !members.isEmpty { centres[entry] = Self.mean(members) }
      }
      nearest = Self.nearest(bins, centres)
    }
    // The ground of a sheet stays as white as the page around it.
    colours = centres.flatMap { centre in
      let isWhite = min(centre[0], centre[1], centre[2]) >= 252
      return (0..<3).map { isWhite ? 255 : UInt8(min(max(centre[$0].rounded(), 0), 255)) }
    }
    var entries = [UInt8](repeating: 0, count: 1 << 15)
    for (bin, entry) in zip(bins, nearest) { entries[bin.key] = UInt8(entry) }
    indices = keys.map { entries[$0] }
  }

  /// Red, green, blue of a pixel on white.
  private static func colour(of pixel: Int, _ picture: Picture) -> SIMD4<UInt8> {
    let channels = picture.channels
    let start = pixel * channels
    let first = picture.pixels[start]
    var colour = channels < 3 ? SIMD4(first, first, first, 0) : SIMD4(first, picture.pixels[start + 1], picture.pixels[start + 2], 0)
    guard channels == 2 || channels == 4 else { return colour }
    let alpha = Int(picture.pixels[start + channels - 1])
    for channel in 0..<3 { colour[channel] = UInt8((Int(colour[channel]) * alpha + 255 * (255 - alpha) + 127) / 255) }
    return colour
  }

  private static func mean(_ bins: [Bin]) -> SIMD4<Float> {
    bins.reduce(SIMD4<Float>.zero) { $0 + $1.mean * $1.count } / bins.reduce(0) { $0 + $1.count }
  }

  /// Cuts the box of the largest spread at its mean until there are enough of them.
  private static func cut(_ bins: [Bin], into count: Int) -> [[Bin]] {
    func spread(_ box: [Bin]) -> (error: Float, axis: Int) {
      let centre = mean(box)
      let errors = box.reduce(SIMD4<Float>.zero) { $0 + ($1.mean - centre) * ($1.mean - centre) * $1.count }
      let axis = (0..<3).max { errors[$0] < errors[$1] } ?? 0
      return (box.count > 1 ? errors[axis] : 0, axis)
    }
    var boxes = [bins]
    var spreads = [spread(bins)]
    while boxes.count < count, let widest = spreads.indices.max(by: { spreads[$0].error < spreads[$1].error }), spreads[widest].error > 0 {
      let (box, axis) = (boxes[widest], spreads[widest].axis)
      let middle = mean(box)[axis]
      let parts = [box.filter { $0.mean[axis] <= middle }, box.filter { $0.mean[axis] > middle }]
      // Rounding of the mean may leave all on one side.
      guard parts.allSatisfy({ !$0.isEmpty }) else {
        spreads[widest].error = 0
        continue
      }
      (boxes[widest], spreads[widest]) = (parts[0], spread(parts[0]))
      boxes.append(parts[1])
      spreads.append(spread(parts[1]))
    }
    return boxes
  }

  /// The nearest centre of each bin.
  private static func nearest(_ bins: [Bin], _ centres: [SIMD4<Float>]) -> [Int] {
    bins.map { bin in
      var (best, distance) = (0, Float.infinity)
      for (entry, centre) in centres.enumerated() {
        let difference = bin.mean - centre
        let square = (difference * difference).sum()
        if square < distance { (best, distance) = (entry, square) }
      }
      return best
    }
  }
}
