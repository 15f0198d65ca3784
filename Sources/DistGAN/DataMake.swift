import ArgumentParser
import Datasets
import Training

extension DataSets {
  /// `data make`.
  struct Make: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes an embedded set, or another file's set, as an HDF5 file.",
      discussion: """
          dist-gan data make emoji32 --output emoji32.h5
        """)

    @Argument(
      help: ArgumentHelp(
        "The name of an embedded set (\(DatasetCatalog.names.joined(separator: ", "))) or an HDF5 file.", valueName: "file|set"),
      completion: .data)
    var data: String

    @Option(
      help: ArgumentHelp("The file to make; one that exists is not overwritten.", valueName: "file"), completion: .file(extensions: ["h5"]))
    var output: String

    func run() throws {
      let source = try DataArgument.open(data)
      try OutputFile.creating(output) { try writeHDF5(source, to: output) }
      print("\(output): \(source.count) images, \(DataLine.size(source.format)), \(source.classCount) classes")
    }
  }
}
