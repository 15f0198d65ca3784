/// Some images of a set, in an order of their own.
public struct ImageSubset: ImageSource {
  private let source: any ImageSource
  private let indices: [Int]
  public let labels: [Int32]?

  /// The images `indices` of `source`.
  public init(_ source: any ImageSource, indices: [Int]) {
    self.source = source
    self.indices = indices
    labels = source.labels.map { labels in indices.map { labels[$0] } }
  }

  /// So many images of each class that has any, chosen by `seed`.
  /// - Throws: `DatasetError` when the set has no labels, or a class has images, but fewer than that.
  public init(_ source: any ImageSource, perClass count: Int, seed: UInt64) throws {
    precondition(count > 0, "ImageSubset: \(count) images of each class")
    guard let labels = source.labels else {
      throw DatasetError(.unsuitable, path: source.name, "\(count) images of each class were asked for, and the set has no labels")
    }
    var chosen = [[Int]](repeating: [], count: source.classCount)
    let order = SampleOrder(count: source.count, seed: Mixing.combine(seed, SampleOrder.Purpose.subset.rawValue))
    for index in order.indices(at: 0..<source.count) {
      let label = Int(labels[index])
      if chosen[label].count < count { chosen[label].append(index) }
    }
    if let scarce = chosen.firstIndex(where: { !$0.isEmpty && $0.count < count }) {
      let name = source.classNames.map { $0[scarce] } ?? "\(scarce)"
      throw DatasetError(
        .unsuitable, path: source.name,
        "\(count) images of each class were asked for, and class \(name) has \(chosen[scarce].count); ask for fewer")
    }
    self.init(source, indices: chosen.flatMap { $0 })
  }

  public var name: String { source.name }
  public var format: ImageFormat { source.format }
  public var count: Int { indices.count }
  public var classNames: [String]? { source.classNames }
  public var license: String? { source.license }
  public var fingerprint: UInt64 { indices.reduce(source.fingerprint) { Mixing.combine($0, UInt64($1)) } }

  public func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) throws {
    try unsafe source.read(indices[index], into: buffer)
  }
}
