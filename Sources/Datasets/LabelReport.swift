/// How many images each class has, and what about that should make a user look.
public struct LabelReport: Sendable, Equatable {
  /// Number of images by class.
  public let histogram: [Int]
  /// Sentences for the log; empty when nothing is odd.
  public let warnings: [String]

  /// Counts labels.
  /// - Parameters:
  ///   - labels: classes, none negative.
  ///   - classCount: number of classes that are meant to be there; the largest label extends it.
  public init(_ labels: [Int32], classCount: Int = 0) {
    var histogram = [Int](repeating: 0, count: max(classCount, Int(labels.max() ?? -1) + 1))
    for label in labels { histogram[Int(label)] += 1 }
    self.histogram = histogram
    var warnings: [String] = []
    if let first = labels.first, labels.count > 1, histogram[Int(first)] == labels.count {
      warnings.append("all \(labels.count) labels are \(first): the set has one class, or its labels were lost")
    }
    let missing = Self.empty(histogram)
    if !missing.isEmpty {
      let names = missing.prefix(8).map(String.init).joined(separator: ", ")
      warnings.append("\(missing.count) of \(histogram.count) classes have no images: \(names)\(missing.count > 8 ? ", …" : "")")
    }
    self.warnings = warnings
  }

  /// Classes without images.
  public var missingClasses: [Int] { Self.empty(histogram) }

  private static func empty(_ histogram: [Int]) -> [Int] { histogram.indices.filter { histogram[$0] == 0 } }
}
