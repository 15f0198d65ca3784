import Archive
import ArgumentParser
import Datasets
import Foundation
import Training

extension DataSets {
  /// `data verify`.
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reads every label and every byte of a data set, and shows what it holds.",
      discussion: """
        Exit codes: 0 the set is sound, 65 it is damaged or no set of images, 66 the file cannot be opened. The fingerprint is that of \
        data info and of checkpoints; the CRC-32C is that of all images as bytes, however they are stored. Files that were written \
        here state it, and it is compared.
        """)

    @Argument(
      help: ArgumentHelp(
        "An HDF5 file, or the name of an embedded set: \(DatasetCatalog.names.joined(separator: ", ")).", valueName: "file|set"),
      completion: .data)
    var data: String

    func run() throws {
      if DatasetCatalog.names.contains(data) {
        try verify(DataArgument.open(data), storage: "inside the program")
      } else {
        try FileProbe.check(data, readsAll: true)
        for group in try Self.groups(data) {
          let source = try HDF5Source(path: data, group: group, keepsAll: false)
          try verify(source, storage: source.storage, expected: storedImageCheck(data, group: group))
        }
      }
      print("\(data): sound")
    }

    /// The one set of a file, or those of its two domains.
    private static func groups(_ path: String) throws -> [String] {
      let archive = try ArchiveReader(path: path)
      let domains = ["A", "B"].filter { archive.contains("\($0)/imgs") }
      return archive.contains("imgs") || domains.isEmpty ? [""] : domains
    }

    /// - Parameter expected: the check that the file states, if it does.
    private func verify(_ source: any ImageSource, storage: String, expected: UInt32? = nil) throws {
      print("\(source.name): \(source.count) images, \(DataLine.size(source.format))")
      print("storage      \(storage)")
      let start = ContinuousClock.now
      var bytes = [UInt8](repeating: 0, count: source.format.sampleCount)
      var check: UInt32 = 0
      for index in 0..<source.count {
        try unsafe bytes.withUnsafeMutableBufferPointer { try unsafe source.read(index, into: $0) }
        check = unsafe bytes.withUnsafeBytes { unsafe crc32c($0, continuing: check) }
      }
      let seconds = start.duration(to: .now) / .seconds(1)
      print("read         \(Text.bytes(source.count * bytes.count)) in \(Text.seconds(seconds))")
      if let expected, check != expected {
        throw DatasetError(
          .damaged, path: data,
          String(
            format: "the images have changed since they were written: their CRC-32C is %08x, the file states %08x; make it anew", check,
            expected))
      }
      print(String(format: "CRC-32C      %08x", check) + (expected == nil ? "" : ", as the file states"))
      print("fingerprint  \(hashText(source.fingerprint))")
      if let license = source.license { print("licence      \(license)") }
      for line in ClassHistogram.lines(of: source.labels, classCount: source.classCount, names: source.classNames) { print(line) }
    }
  }
}
