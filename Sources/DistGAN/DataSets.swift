import ArgumentParser

/// The verb `data`: looks into data sets, and makes files of them.
struct DataSets: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Shows and checks data sets, imports images, and writes the embedded sets as HDF5 files.",
    subcommands: [Info.self, Import.self, Make.self, Probe.self, Verify.self])
}
