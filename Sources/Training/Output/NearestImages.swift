public import Datasets

/// The real image closest to each of some generated ones: a look at whether a model repeats its training set.
///
/// The distance is plain `Σ (a - b)²` over 8-bit samples, of the image as it is and mirrored, exact in integers. Sets of more than
/// `limit` images are represented by that many, evenly spread. Memory for 256 images at a time.
public struct NearestImages {
  /// What was found for one image.
  public struct Match: Sendable, Equatable {
    /// Index in the data set.
    public let index: Int
    /// Whether the real image, mirrored, is meant.
    public let isMirrored: Bool
    /// Sum of squared differences of samples 0...255.
    public let distance: Int
  }

  /// Largest number of real images compared with.
  public static let limit = 20_000
  private static let slice = 256
  private let source: any ImageSource
  private let candidates: [Int]

  /// Compares with the images of `source`.
  public init(_ source: any ImageSource, limit: Int = Self.limit) {
    self.source = source
    let count = min(source.count, limit)
    candidates = (0..<count).map { $0 * source.count / count }
  }

  /// The closest real image for each image of `queries`, bytes `[channels, height, width]` in the source's format.
  /// - Throws: `DatasetError` when an image cannot be read.
  public func matches(for queries: [[UInt8]]) throws -> [Match] {
    let size = source.format.sampleCount
    let mirrored = queries.map { mirror($0) }
    var best = [Match?](repeating: nil, count: queries.count)
    var bytes = [UInt8](repeating: 0, count: min(Self.slice, candidates.count) * size)
    for start in stride(from: 0, to: candidates.count, by: Self.slice) {
      let slice = candidates[start..<min(start + Self.slice, candidates.count)]
      try unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        for (place, index) in slice.enumerated() {
          try unsafe source.read(index, into: UnsafeMutableBufferPointer(rebasing: buffer[(place * size)..<((place + 1) * size)]))
        }
      }
      for query in queries.indices {
        for (place, index) in slice.enumerated() {
          for (image, isMirrored) in [(queries[query], false), (mirrored[query], true)] {
            let distance = Self.distance(image, bytes, at: place * size)
            if distance < best[query]?.distance ?? .max {
              best[query] = Match(index: index, isMirrored: isMirrored, distance: distance)
            }
          }
        }
      }
    }
    return best.compactMap { $0 }
  }

  /// The image of a match, as it is to be shown beside the generated one.
  public func image(of match: Match) throws -> [UInt8] {
    let image = try source.image(match.index)
    return match.isMirrored ? mirror(image) : image
  }

  private func mirror(_ planes: [UInt8]) -> [UInt8] {
    let width = source.format.width
    return planes.indices.map { planes[$0 / width * width + width - 1 - $0 % width] }
  }

  private static func distance(_ image: [UInt8], _ bytes: [UInt8], at start: Int) -> Int {
    // Sound: both buffers are as long as the arrays, and the caller's slice ends inside of `bytes`.
    unsafe image.withUnsafeBufferPointer { image in
      unsafe bytes.withUnsafeBufferPointer { bytes in
        precondition(start + image.count <= bytes.count, "NearestImages: \(image.count) samples at \(start) of \(bytes.count)")
        var sum = 0
        // 4,096 squares of at most 255² stay below 2³², so that the inner sums can be 32 bits wide.
        for block in stride(from: 0, to: image.count, by: 4096) {
          var partial: UInt32 = 0
          for index in block..<min(block + 4096, image.count) {
            let difference = unsafe Int32(image[index]) &- Int32(bytes[start &+ index])
            partial = partial &+ UInt32(bitPattern: difference &* difference)
          }
          sum += Int(partial)
        }
        return sum
      }
    }
  }
}
