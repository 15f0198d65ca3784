import ArgumentParser
import Datasets
import Training

extension DataSets {
  /// `data info`.
  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows count, size, classes and oddities of a data set.",
      discussion: """
          dist-gan data info emoji32
        """)

    @Argument(
      help: ArgumentHelp(
        "An HDF5 file, or the name of an embedded set: \(DatasetCatalog.names.joined(separator: ", ")).", valueName: "file|set"),
      completion: .data)
    var data: String

    func run() throws {
      let source = try DataArgument.open(data)
      print("\(source.name): \(source.count) images, \(DataLine.size(source.format))")
      if let license = source.license { print("licence      \(license)") }
      print("fingerprint  \(hashText(source.fingerprint))")
      for line in ClassHistogram.lines(of: source.labels, classCount: source.classCount, names: source.classNames) { print(line) }
    }
  }
}
