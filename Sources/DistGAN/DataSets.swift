import ArgumentParser
import Datasets
import Training

/// The verb `data`: looks into data sets and writes the embedded ones as files.
struct DataSets: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Shows data sets, and writes the embedded ones as HDF5 files.", subcommands: [Info.self, Make.self])

  /// `data info`.
  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows count, size, classes and oddities of a data set.")

    @Argument(help: "An HDF5 file, or the name of an embedded set: \(DatasetCatalog.names.joined(separator: ", ")).")
    var data: String

    func run() throws {
      let source = try DataArgument.open(data)
      print("\(source.name): \(source.count) images, \(DataLine.size(source.format))")
      if let license = source.license { print("licence      \(license)") }
      print("fingerprint  \(hashText(source.fingerprint))")
      guard let labels = source.labels else {
        print("classes      none: models are trained without labels")
        return
      }
      let report = LabelReport(labels, classCount: source.classCount)
      print("classes      \(source.classCount)")
      Self.printHistogram(report.histogram, names: source.classNames)
      for warning in report.warnings { print("warning: \(warning)") }
    }

    /// A bar for each class; of more than 64 classes only the numbers that tell of balance.
    private static func printHistogram(_ histogram: [Int], names: [String]?) {
      guard let largest = histogram.max(), largest > 0 else { return }
      guard histogram.count <= 64 else {
        print("             \(histogram.min() ?? 0) to \(largest) images each, \(histogram.reduce(0, +) / histogram.count) on average")
        return
      }
      let labels = histogram.indices.map { names?[$0] ?? "\($0)" }
      let width = labels.map(\.count).max() ?? 0
      let digits = "\(largest)".count
      for (label, count) in zip(labels, histogram) {
        let number = "\(count)"
        let padding = String(repeating: " ", count: digits - number.count)
        print("  \(Text.left(label, width))  \(padding)\(number)  \(String(repeating: "#", count: (count * 40 + largest - 1) / largest))")
      }
    }
  }

  /// `data make`.
  struct Make: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Writes an embedded set, or another file's set, as an HDF5 file.")

    @Argument(help: "Name of an embedded set (\(DatasetCatalog.names.joined(separator: ", "))) or an HDF5 file.")
    var data: String

    @Option(help: ArgumentHelp("The file to make; one that exists is not overwritten.", valueName: "file"))
    var output: String

    func run() throws {
      let source = try DataArgument.open(data)
      try OutputFile.creating(output) { try writeHDF5(source, to: output) }
      print("\(output): \(source.count) images, \(DataLine.size(source.format)), \(source.classCount) classes")
    }
  }
}
