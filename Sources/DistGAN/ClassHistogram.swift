import Datasets

/// How many images each class has, as a picture of characters.
enum ClassHistogram {
  /// A bar for each class; of more than 64 classes only the numbers that tell of balance.
  static func lines(_ histogram: [Int], names: [String]?) -> [String] {
    guard let largest = histogram.max(), largest > 0 else { return [] }
    guard histogram.count <= 64 else {
      return ["             \(histogram.min() ?? 0) to \(largest) images each, \(histogram.reduce(0, +) / histogram.count) on average"]
    }
    let labels = histogram.indices.map { names?[$0] ?? "\($0)" }
    let width = labels.map(\.count).max() ?? 0
    let digits = "\(largest)".count
    return zip(labels, histogram).map { label, count in
      let bar = String(repeating: "#", count: (count * 40 + largest - 1) / largest)
      return "  \(Text.left(label, width))  \(Text.right("\(count)", digits))  \(bar)"
    }
  }

  /// Number of classes, bars and warnings of a set.
  static func lines(of labels: [Int32]?, classCount: Int, names: [String]?) -> [String] {
    guard let labels else { return ["classes      none: models are trained without labels"] }
    let report = LabelReport(labels, classCount: classCount)
    return ["classes      \(classCount)"] + lines(report.histogram, names: names) + report.warnings.map { "warning: \($0)" }
  }
}
